/** No machine of the pool could be made of these options; `fingerprint` null: of the options that suit every build. */
export type Refusal = { pool: number; fingerprint: string | null; why: string }

/** A waiting request, and what it would have of pools whose options depend on the build. */
export type RequestOfPools = { id: number; builderKey: string; machines: readonly { pool: number; fingerprint: string | null; problem: string | null }[] }

/** Why none of these pools (all that could serve it) can have a machine for the request, as they are configured; null: one may. */
export function unbuildable({ machines }: RequestOfPools, pools: readonly number[], refusals: readonly Refusal[]): string | null {
  const whys = pools.map(pool => {
    const machine = machines.find(own => own.pool === pool)
    if (machine?.problem != null) return machine.problem
    const wanted = machine?.fingerprint ?? null
    return refusals.find(refusal => refusal.pool === pool && refusal.fingerprint === wanted)?.why ?? null
  })
  return whys.length > 0 && whys.every(why => why !== null) ? [...new Set(whys)].join('; ') : null
}
