import type { QueryKey } from '@tanstack/react-query'
import { useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { useServices } from '../services.js'

/** Many rows may change in one moment: they are asked for once. */
const gatherMs = 250

/** What is kept under the key is asked for again when an event under one of the paths comes. Both must stay the same, or be made of one string. */
export function useAgainOn(paths: readonly string[], key: QueryKey): void {
  const { live, clock } = useServices()
  const client = useQueryClient()
  const identity = JSON.stringify([paths, key])
  useEffect(() => {
    let cancel: (() => void) | null = null
    const again = (): void => {
      cancel ??= clock.setTimeout(() => {
        cancel = null
        void client.invalidateQueries({ queryKey: key })
      }, gatherMs)
    }
    const close = live.subscribe(paths, { event: again, confirmed: again })
    return () => {
      cancel?.()
      close()
    }
  }, [identity, live, clock, client])
}
