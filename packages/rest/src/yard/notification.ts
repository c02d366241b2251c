import { z } from 'zod'
import { epochSeconds } from './scalars.js'

/** waiting and sending are open; of unknown nobody knows whether it arrived. */
export const notificationStates = ['waiting', 'sending', 'sent', 'superseded', 'refused', 'gave_up', 'unknown'] as const

export const notificationSchema = z.object({
  id: z.number(),
  set: z.string(),
  reporter: z.string(),
  kind: z.string(),
  target: z.string().describe('Who is told: `github api.github.com`.'),
  subject: z.string(),
  delivery: z.enum(['status', 'message']).describe('A status is sent again until it holds, the newest of a subject wins; a message counts by itself.'),
  event: z.string(),
  summary: z.string(),
  remark: z.string().nullable().describe('Its words are not those of the configuration: why.'),
  state: z.enum(notificationStates),
  attempts: z.number(),
  createdAt: epochSeconds,
  nextAt: epochSeconds.nullable().describe('Of one that waits: not tried before; with what its target asked for.'),
  deadlineAt: epochSeconds,
  endedAt: epochSeconds.nullable(),
  detail: z.string().nullable().describe('What the other side said last.'),
  reference: z.string().nullable().describe('Its page or id there.'),
  builder: z.number().nullable(),
  buildrequest: z.number().nullable(),
  build: z.number().nullable(),
  buildset: z.number().nullable(),
  worker: z.number().nullable(),
  pool: z.number().nullable(),
  resentOf: z.number().nullable().describe('The notification that was sent once more by this one.'),
}).meta({ id: 'Notification', description: 'What was told to whom.' })
export type Notification = z.infer<typeof notificationSchema>

export const notificationDetails = notificationSchema.extend({
  payload: z.json(),
  tries: z.array(z.object({ number: z.number(), replica: z.number(), startedAt: epochSeconds, endedAt: epochSeconds.nullable(), outcome: z.enum(['sent', 'refused', 'again', 'unknown']).nullable(), detail: z.string().nullable() })),
}).meta({ id: 'NotificationDetails', description: 'What was told to whom, with what was sent and each attempt.' })
export type NotificationDetails = z.infer<typeof notificationDetails>

export type NotificationFilter = { reporter?: string; target?: string; build?: number; state?: Notification['state'][]; before?: number; limit?: number }

export const notificationsAnswer = z.object({ notifications: z.array(notificationSchema), next: z.number().nullable() })
export const notificationAnswer = z.object({ notification: notificationDetails })

/** What can be done to one: `POST /api/yard/v1/notifications/:id/ACTION`. */
export const notificationActions = ['resend', 'give-up'] as const
export type NotificationAction = (typeof notificationActions)[number]
