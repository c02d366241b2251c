/** How long things of a kind take, in seconds: half of them no longer than `p50`, nine in ten no longer than `p90`. */
export type Measured = { p50: number; p90: number }
/** Seconds from now; `to` null: it cannot be said how late. */
export type Span = { from: number; to: number | null }

/** Of what has run for `elapsed` seconds, when it is expected to end. What takes longer than nine in ten may end at any time. */
export function remaining({ p50, p90 }: Measured, elapsed: number): Span {
  return { from: Math.max(0, p50 - elapsed), to: elapsed > p90 ? null : Math.max(p90 - elapsed, p50 - elapsed) }
}

export type Line = {
  /** When each place of a worker that could build it is free; of a place of which that is not known there is none here. */
  places: readonly Span[]
  /** Places of which it is not known when: they may be free earlier. */
  unknown: number
  /** Requests that get one of these places before. */
  ahead: number
  /** Of a build that takes such a place; null: none has ended yet. */
  duration: Measured | null
}

/** Further behind it says nothing that would be true by then. */
const MOST_AHEAD = 2_000

/** When a request gets a place: those ahead of it take the first that is free, each for as long as builds take. Null: it cannot be said. */
export function expectedStart({ places, unknown, ahead, duration }: Line): Span | null {
  if (places.length === 0 || ahead > MOST_AHEAD) return null
  const from = turn(places.map(place => place.from), ahead, duration?.p50 ?? null)
  if (from === null) return null
  const latest = places.map(place => place.to)
  const to = latest.includes(null) || unknown > 0 && ahead > 0 ? null : turn(latest.filter(each => each !== null), ahead, duration?.p90 ?? null)
  return { from, to: to === null ? null : Math.max(from, to) }
}

/** When the place comes that is left after `ahead` others took theirs. */
function turn(free: readonly number[], ahead: number, seconds: number | null): number | null {
  const places = [...free]
  for (let before = 0; before < ahead; before += 1) {
    const first = places.indexOf(Math.min(...places))
    if (seconds === null) places.splice(first, 1)
    else places[first]! += seconds
    if (places.length === 0) return null
  }
  return Math.min(...places)
}

/** For people, such as `in 3 to 7 min`. */
export function spanText({ from, to }: Span): string {
  if (to !== null && to < 10) return 'within seconds'
  if (to === null) return from < 10 ? 'at any time' : `in ${secondsText(from)} at the earliest`
  const [least, most] = [secondsText(from), secondsText(to)]
  if (from < 10) return `within ${most}`
  return least === most ? `in about ${most}` : `in ${least} to ${most}`
}

export function secondsText(seconds: number): string {
  if (seconds < 100) return `${Math.max(1, Math.round(seconds))} s`
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`
  return `${(seconds / 3600).toFixed(1).replace(/\.0$/, '')} h`
}
