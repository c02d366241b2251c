import { z } from 'zod'

const epochSeconds = z.number()

/** waiting and sending are open; of unknown nobody knows whether it arrived. */
export const notificationStates = ['waiting', 'sending', 'sent', 'superseded', 'refused', 'gave_up', 'unknown'] as const

/** What was told to whom, as `/api/yard/v1/notifications` tells it. Times are epoch seconds. */
export const notificationSchema = z.object({
  id: z.number(),
  set: z.string(),
  reporter: z.string(),
  kind: z.string(),
  /** Who is told: `github api.github.com`. */
  target: z.string(),
  subject: z.string(),
  /** A status is sent again until it holds, the newest of a subject wins; a message counts by itself. */
  delivery: z.enum(['status', 'message']),
  event: z.string(),
  summary: z.string(),
  /** Its words are not those of the configuration: why. */
  remark: z.string().nullable(),
  state: z.enum(notificationStates),
  attempts: z.number(),
  createdAt: epochSeconds,
  /** Of one that waits: not tried before; with what its target asked for. */
  nextAt: epochSeconds.nullable(),
  deadlineAt: epochSeconds,
  endedAt: epochSeconds.nullable(),
  /** What the other side said last. */
  detail: z.string().nullable(),
  /** Its page or id there. */
  reference: z.string().nullable(),
  builder: z.number().nullable(),
  buildrequest: z.number().nullable(),
  build: z.number().nullable(),
  buildset: z.number().nullable(),
  worker: z.number().nullable(),
  pool: z.number().nullable(),
  /** The notification that was sent once more by this one. */
  resentOf: z.number().nullable(),
})
export type Notification = z.infer<typeof notificationSchema>

export const notificationDetails = notificationSchema.extend({
  payload: z.json(),
  tries: z.array(z.object({ number: z.number(), replica: z.number(), startedAt: epochSeconds, endedAt: epochSeconds.nullable(), outcome: z.enum(['sent', 'refused', 'again', 'unknown']).nullable(), detail: z.string().nullable() })),
})
export type NotificationDetails = z.infer<typeof notificationDetails>

export type NotificationFilter = { reporter?: string; target?: string; build?: number; state?: Notification['state'][]; before?: number; limit?: number }

export const notificationsAnswer = z.object({ notifications: z.array(notificationSchema), next: z.number().nullable() })
export const notificationAnswer = z.object({ notification: notificationDetails })

/** What can be done to one: `POST /api/yard/v1/notifications/:id/ACTION`. */
export const notificationActions = ['resend', 'give-up'] as const
export type NotificationAction = (typeof notificationActions)[number]
