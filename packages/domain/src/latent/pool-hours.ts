import { downtimeAt } from '../downtime.js'
import type { PoolConfig } from './pool-config.js'

/** How many machines a pool keeps at `now` (epoch ms): its own numbers, or those of the first of its hours that it is and that say one. */
export function keptAt({ min, warm, schedule, max }: Pick<PoolConfig, 'min' | 'warm' | 'schedule' | 'max'>, now: number): { min: number; warm: number } {
  const present = schedule.filter(({ days, from, to, timeZone }) => downtimeAt([{ days, from, to, timeZone, reason: null }], now) !== null)
  const of = (key: 'min' | 'warm') => present.find(hours => hours[key] !== null)?.[key]
  return { min: Math.min(of('min') ?? min, max), warm: of('warm') ?? warm }
}
