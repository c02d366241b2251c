import type { ReactElement } from 'react'
import { ago, dateTime, duration } from '../lib/format.js'
import { useNow } from '../services.js'

/** How long it took, or ticking: how long it has been taking. */
export function Elapsed({ from, to }: { from: number | null; to: number | null }): ReactElement {
  const now = useNow(from !== null && to === null)
  return <span className="time">{from === null ? '' : duration((to ?? now) - from)}</span>
}

export function Ago({ at }: { at: number }): ReactElement {
  const now = useNow()
  return <time className="time" dateTime={new Date(at * 1000).toISOString()} title={dateTime(at)}>{ago(at, now)}</time>
}
