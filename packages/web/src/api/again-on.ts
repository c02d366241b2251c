import { hashKey, useQueryClient } from '@tanstack/react-query'
import type { QueryClient, QueryKey } from '@tanstack/react-query'
import { useEffect } from 'react'
import type { Clock } from '../lib/clock.js'
import { paced, type Paced } from '../live/paced.js'
import { useServices } from '../services.js'

/** Many rows may change in one moment: they are asked for once. */
const gatherMs = 250
/** Where something changes all the time, it is not asked for all the time. */
const restMs = 2_000

/** By key: whoever on the page wants it asked for again. */
const shared = new Map<string, { pace: Paced; users: number }>()

function share(key: QueryKey, { client, clock, afterMs }: { client: QueryClient; clock: Clock; afterMs: number }): { again(): void; leave(): void } {
  const name = hashKey(key)
  const known = shared.get(name) ?? {
    users: 0,
    pace: paced(() => {
      void client.invalidateQueries({ queryKey: key })
      return restMs
    }, clock, afterMs),
  }
  known.users += 1
  shared.set(name, known)
  return {
    again: known.pace.call,
    leave() {
      known.users -= 1
      if (known.users > 0) return
      known.pace.cancel()
      shared.delete(name)
    },
  }
}

/** What is kept under the key is asked for again soon after an event under one of the paths: once for all that come meanwhile, and not more often than every 2 s. */
export function useAgainOn(paths: readonly string[], key: QueryKey, afterMs = gatherMs): void {
  const { live, clock } = useServices()
  const client = useQueryClient()
  const identity = JSON.stringify([paths, key])
  useEffect(() => {
    const { again, leave } = share(key, { client, clock, afterMs })
    const close = live.subscribe(paths, { event: again, confirmed: again })
    return () => {
      close()
      leave()
    }
  }, [identity, afterMs, live, clock, client])
}
