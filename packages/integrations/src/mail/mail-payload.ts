import { z } from 'zod'

const address = z.object({ name: z.string(), address: z.string() })

/** A mail as its row keeps it: everything but the time and the secrets. */
export const mailPayload = z.object({
  from: address,
  to: z.array(address),
  cc: z.array(address),
  /** Who is still to be looked up; to has the lists then. */
  ask: z.array(z.string()),
  /** Who is still to get it, of to and cc. */
  envelope: z.array(z.string()),
  subject: z.string(),
  text: z.string().nullable(),
  html: z.string().nullable(),
  attachments: z.array(z.object({ filename: z.string(), content: z.string() })),
  headers: z.record(z.string(), z.string()),
  messageId: z.string(),
  inReplyTo: z.string().nullable(),
})
export type MailPayload = z.infer<typeof mailPayload>
