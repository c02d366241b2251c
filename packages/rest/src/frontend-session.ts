import { z } from 'zod'

const config = z.object({
  auth: z.object({ name: z.string(), oauth2: z.boolean().default(false), autologin: z.boolean().default(false) }),
  user: z.object({ username: z.string().nullish(), full_name: z.string().nullish(), email: z.string().nullish() }),
  user_any_access_allowed: z.boolean(),
})
const refusal = z.object({ error: z.string() })

export type FrontendUser = { username: string; fullName: string; email: string | null }
export type FrontendSession = {
  /** How people sign in. nowhere: nobody does. proxy: who has come this far has. */
  way: 'nowhere' | 'password' | 'elsewhere' | 'proxy'
  /** Where: GitHub… */
  place: string
  /** Who has not signed in is sent there without being asked. */
  autologin: boolean
  /** Null: has not signed in. */
  user: FrontendUser | null
  mayRead: boolean
}

/** What `config.json` says of how people sign in and who has. Throws ZodError. */
export function readFrontendSession(body: unknown): FrontendSession {
  const { auth, user: { username, full_name: fullName, email }, user_any_access_allowed: mayRead } = config.parse(body)
  const way = auth.name === 'NoAuth' ? 'nowhere' : auth.oauth2 ? 'elsewhere' : auth.name === 'RemoteUserAuth' ? 'proxy' : 'password'
  return { way, place: auth.name, autologin: auth.autologin, user: username ? { username, fullName: fullName ?? username, email: email ?? null } : null, mayRead }
}

/** Why /auth/login has let nobody in; null: it does not say. */
export const signInRefusal = (body: unknown): string | null => refusal.safeParse(body).data?.error ?? null
