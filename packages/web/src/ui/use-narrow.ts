import { useSyncExternalStore } from 'react'

const query = window.matchMedia('(max-width: 760px)')

/** Whether rows take two lines (the same width as in the style sheets). */
export function useNarrow(): boolean {
  return useSyncExternalStore(listener => {
    query.addEventListener('change', listener)
    return () => query.removeEventListener('change', listener)
  }, () => query.matches)
}
