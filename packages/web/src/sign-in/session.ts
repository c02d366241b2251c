import { useQuery } from '@tanstack/react-query'
import type { Query, QueryClient, UseQueryResult } from '@tanstack/react-query'
import { readFrontendSession, RestError, signInRefusal } from '@yardmaster/rest'
import type { FrontendSession } from '@yardmaster/rest'
import { useLocation } from 'react-router'

const sessionKey = ['session']

async function fetchSession(): Promise<FrontendSession> {
  const response = await fetch(new URL('config.json', document.baseURI))
  if (!response.ok) throw new TypeError(`the server answered ${response.status}`)
  return readFrontendSession(await response.json())
}

const againMs = 5_000

// Each part of the page that appears because it failed would otherwise ask again, and so take the page away again.
const failed = { retryOnMount: false, refetchInterval: ({ state }: Query<FrontendSession>) => (state.data === undefined ? againMs : false) }
export const sessionQuery = { queryKey: sessionKey, queryFn: fetchSession, staleTime: Infinity, refetchOnWindowFocus: 'always' as const, refetchOnMount: false, ...failed }

/** Asked again whenever the window is looked at: elsewhere he may have signed in or out. */
export const useSession = (): UseQueryResult<FrontendSession> => useQuery(sessionQuery)

/** The page where whoever looks may sign in, and comes back from; null: somebody has, or nobody can. */
export function useSignInPath(): string | null {
  const session = useSession().data
  const { pathname, search } = useLocation()
  if (!session || session.user !== null || session.way === 'nowhere' || session.way === 'proxy' || pathname === '/sign-in') return null
  return `/sign-in?${new URLSearchParams({ to: new URL(`.${pathname}${search}`, document.baseURI).href })}`
}

/** Null: signed in; otherwise why not. */
export async function signIn(username: string, password: string): Promise<string | null> {
  const response = await fetch(new URL('auth/login', document.baseURI), { method: 'POST', headers: { 'content-type': 'application/json', accept: 'application/json' }, body: JSON.stringify({ username, password }) })
  if (response.ok) return null
  return signInRefusal(await response.json().catch(() => null)) ?? `the server answered ${response.status}`
}

export async function signOut(everywhere: boolean): Promise<void> {
  await fetch(new URL('auth/logout', document.baseURI), { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ everywhere }) })
}

/** Where a browser goes to sign in elsewhere, and comes back to this page of ours from. */
export const loginUrl = (page: string): string => new URL(`auth/login?${new URLSearchParams({ page })}`, document.baseURI).href

const signedIn = 'yardmaster: signed in'

/** To the page whose session had ended: it may still be in sight, so that no window is looked at anew. */
export function tellSignedIn(): void {
  const channel = new BroadcastChannel(signedIn)
  channel.postMessage(null)
  channel.close()
}

/** Calls back when somebody has signed in in another window; until what is returned is called. */
export function onSignedInElsewhere(listener: () => void): () => void {
  const channel = new BroadcastChannel(signedIn)
  channel.onmessage = listener
  return () => channel.close()
}

/** A refusal may mean that the session is over: then it is asked who is signed in. */
export function noticeRefusals(queries: QueryClient): void {
  const notice = (error: unknown): void => {
    if (error instanceof RestError && (error.status === 401 || error.status === 403)) void queries.invalidateQueries({ queryKey: sessionKey }, { cancelRefetch: false })
  }
  queries.getQueryCache().subscribe(event => event.type === 'updated' && event.action.type === 'error' && notice(event.action.error))
  queries.getMutationCache().subscribe(event => event.type === 'updated' && event.action.type === 'error' && notice(event.action.error))
}
