import type { PoolConfig } from './pool-config.js'

/** Where a machine is made, and how large; null: as its options say. */
export type Placement = { zone: string | null; plan: string | null }
/** There was no room there, at that moment (epoch ms). */
export type NoRoom = Placement & { at: number }

/** A placement without room is left alone for so long where there are others; where there are none, it is tried again soon. */
const LEFT_ALONE_MS = 300_000
const AGAIN_MS = 60_000

/** In order of preference: each plan in the first zone that has it is better than another plan. */
export function placements({ zones, plans }: Pick<PoolConfig, 'zones' | 'plans'>): Placement[] {
  const orNone = (names: readonly string[]) => (names.length > 0 ? names : [null])
  return orNone(plans).flatMap(plan => orNone(zones).map(zone => ({ zone, plan })))
}

/** The best placement that is worth a try at `now`; else when one will be. */
export function choosePlacement(pool: Pick<PoolConfig, 'zones' | 'plans'>, noRoom: readonly NoRoom[], now: number): { placement: Placement } | { notBefore: number } {
  const all = placements(pool).map(placement => ({ placement, at: Math.max(-Infinity, ...noRoom.filter(failed => failed.zone === placement.zone && failed.plan === placement.plan).map(failed => failed.at)) }))
  const open = all.find(({ at }) => now - at >= LEFT_ALONE_MS)
  if (open) return { placement: open.placement }
  // All were tried of late: the one that has been left alone for longest.
  const oldest = all.reduce((one, other) => (other.at < one.at ? other : one))
  return now - oldest.at >= AGAIN_MS ? { placement: oldest.placement } : { notBefore: oldest.at + AGAIN_MS }
}
