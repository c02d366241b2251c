import type { QueryKey } from '@tanstack/react-query'
import { useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { useServices } from '../services.js'

/** Many rows may change in one moment: they are asked for once. */
const gatherMs = 250

/** What is kept under the key is asked for again soon after an event under one of the paths: once for all that come meanwhile. */
export function useAgainOn(paths: readonly string[], key: QueryKey, afterMs = gatherMs): void {
  const { live, clock } = useServices()
  const client = useQueryClient()
  const identity = JSON.stringify([paths, key])
  useEffect(() => {
    let cancel: (() => void) | null = null
    const again = (): void => {
      cancel ??= clock.setTimeout(() => {
        cancel = null
        void client.invalidateQueries({ queryKey: key })
      }, afterMs)
    }
    const close = live.subscribe(paths, { event: again, confirmed: again })
    return () => {
      cancel?.()
      close()
    }
  }, [identity, afterMs, live, clock, client])
}
