import { z } from 'zod'

const epochSeconds = z.number()

/** The longest that a token may work. */
export const longestTokenDays = 366

const scope = z.string().regex(/^(?:[a-z][A-Za-z_-]{1,39}|(?:project|builder):[^\p{Cc}]{1,255})$/u, "expected 'read', 'control', the name of an action, project:GLOB or builder:GLOB")
  .describe("`read`, `control` (every action), the name of one action such as `force`, or a limit of these: `project:GLOB`, `builder:GLOB`.")

export const tokenRequest = z.strictObject({
  name: z.string().trim().min(1).max(100).regex(/^[^\p{Cc}]*$/u, 'a name has no control characters').describe('One of its own among those of its user.'),
  scopes: z.array(scope).min(1).max(100),
  days: z.number().int().min(1).max(longestTokenDays).default(90).describe('How long it works.'),
})
export type TokenBody = z.input<typeof tokenRequest>

/** A token, as `/api/yard/v1/tokens` tells it. Times are epoch seconds. */
export const tokenSchema = z.object({
  id: z.number(),
  name: z.string(),
  username: z.string().describe('Whose rights it has at most; anonymous where nobody signs in.'),
  scopes: z.array(z.string()),
  createdAt: epochSeconds,
  expiresAt: epochSeconds,
  usedAt: epochSeconds.nullable().describe('The last time, to ten minutes.'),
  revoked: z.object({ at: epochSeconds, by: z.string() }).nullable(),
  works: z.boolean().describe('Neither expired nor revoked, and made with the present way to sign in.'),
})
export type Token = z.infer<typeof tokenSchema>

export const tokensAnswer = z.object({ tokens: z.array(tokenSchema) })
export const tokenAnswer = z.object({ token: tokenSchema })
export const createdTokenAnswer = z.object({ token: tokenSchema, secret: z.string().describe('The token itself: it is told this once.') })
