import { routes, type YardClient } from '@yardmaster/rest'
import { useQuery } from '@tanstack/react-query'
import { batchLoader } from '../lib/batch-loader.js'
import { useServices } from '../services.js'
import { useSignInPath } from '../sign-in/session.js'
import { useAgainOn } from './again-on.js'

type Refused = { [action: string]: string }
export type RightsLoader = (thing: string, id: number) => Promise<Refused | null>

/** For all rows of a page at once. */
export function createRightsLoader(yard: YardClient): RightsLoader {
  const loaders = new Map<string, (id: number) => Promise<Refused | null>>()
  const loaderOf = (thing: string) => batchLoader(async ids => {
    const { rights } = await yard.call(routes.access.rights, { query: { thing, id: ids } })
    return new Map(rights.map(({ id, refused }) => [id, refused]))
  }, 200)
  return (thing, id) => {
    const load = loaders.get(thing) ?? loaderOf(thing)
    loaders.set(thing, load)
    return load(id)
  }
}

const root = ['yard', 'rights']
/** Rights may change with a configuration, which is told, or at a sign-in elsewhere. */
const freshMs = 60_000

/** Rights are asked for again when a configuration has become active. To be used once, for the whole page. */
export function useRightsAgain(): void {
  useAgainOn(['builders/*/started', 'builders/*/stopped'], root, 1_000)
}

/** Why who is signed in may not do it, as a sentence; undefined: nothing speaks against it, as far as is known. The server has the last word. */
export function useRefusal(thing: string, id: number | null, action: string): string | undefined {
  const { rights } = useServices()
  const signIn = useSignInPath()
  const { data } = useQuery({ queryKey: [...root, thing, id ?? 0], queryFn: () => rights(thing, id ?? 0), staleTime: freshMs, refetchInterval: freshMs, refetchOnMount: true })
  const why = data?.[action]
  if (why === undefined) return undefined
  return signIn === null ? `${why.charAt(0).toUpperCase()}${why.slice(1)}.` : `Sign in first: ${why}.`
}
