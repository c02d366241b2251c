import type { Pool } from '@yardmaster/rest'

/** What is known besides: living provisioners, and the time in epoch seconds. */
export type Surroundings = { provisioners: number; now: number }

/** What keeps the pool from starting machines, the most important first; []: nothing. */
export function obstacles({ name, active, paused, alert, backoff, failures, obstacle, waiting }: Pool, { provisioners, now }: Surroundings): string[] {
  return [
    !active && 'No configuration names it any more: its machines go, and none is started.',
    provisioners === 0 && 'No latent-worker-provisioner is running: nothing is started or removed until one is.',
    paused && `It is paused${paused.reason ? ` (${paused.reason})` : ''}: nothing is started until somebody resumes it (yard pool resume ${name}).`,
    alert && `It starts nothing until somebody has looked: ${alert.reason} (then: yard pool clear-alert ${name}).`,
    // The provisioner's own words say these three, too.
    obstacle && waiting > 0 && !paused && !alert && !backoff && `It starts nothing${obstacle.until === null ? '' : ` for another ${span(obstacle.until - now)}`}: ${obstacle.reason}.`,
    backoff && `It starts nothing for another ${span(backoff.until - now)}${failures > 0 ? `, after ${plural(failures, 'failure')} in a row` : ''}: ${backoff.reason}.`,
  ].filter(sentence => typeof sentence === 'string')
}

/** Why the pool has as many machines as it has. */
export function explainPool(pool: Pool, around: Surroundings): string[] {
  return [...obstacles(pool, around), machinesOf(pool), demandOf(pool), ...moneyOf(pool), ...failureOf(pool, around.now), ...bootOf(pool)]
}

function machinesOf({ machines, building, idle, configured }: Pool): string {
  const { requested, creating, booting, ready, removing } = machines
  const there = requested + creating + booting + ready
  const parts = [[building, 'building'], [idle, 'idle'], [requested, 'requested'], [creating, 'being created'], [booting, 'booting']] as const
  const told = parts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`).join(', ')
  const least = configured && configured.min > 0 ? `, at least ${configured.min}` : ''
  return `It has ${there}${configured ? ` of at most ${configured.max}${least}` : ''} ${(configured?.max ?? there) === 1 ? 'machine' : 'machines'}${told === '' ? '' : `: ${told}`}.${removing > 0 ? ` ${removing} more ${removing === 1 ? 'is' : 'are'} being removed.` : ''}`
}

function demandOf({ waiting, machines, configured }: Pool): string {
  if (waiting === 0) return `No build waits for it${configured && (configured.min > 0 || configured.warm > 0) ? `; it keeps at least ${configured.min} machines, and ${configured.warm} without a build` : ''}.`
  const coming = machines.requested + machines.creating + machines.booting
  const full = configured !== null && coming + machines.ready + machines.removing >= configured.max
  const onTheWay = coming === 0 ? 'no machine is' : plural(coming, 'machine is', 'machines are')
  return `${plural(waiting, 'build')} wait${waiting === 1 ? 's' : ''} that may run on it; ${onTheWay} on the way${full ? ', and it may have no more' : ''}.`
}

function moneyOf({ spent, cap, price }: Pool): string[] {
  if (!spent) return cap ? ['Nothing is known yet of what its machines cost.'] : []
  const each = price ? `; a machine costs ${money(price.perHour, price.currency)} an hour` : ''
  return [`${money(spent.today, spent.currency)}${cap ? ` of ${money(cap.amount, spent.currency)}` : ''} ${cap ? 'are' : 'were'} spent today${each}.`]
}

function failureOf({ lastFailure }: Pool, now: number): string[] {
  return lastFailure ? [`The last failure was ${span(now - lastFailure.at)} ago, of instance ${lastFailure.instance}: ${lastFailure.message} (${lastFailure.class}).`] : []
}

function bootOf({ boot }: Pool): string[] {
  return boot ? [`From the wish to its worker a machine takes ${span(boot.connected.p50)}, one in ten more than ${span(boot.connected.p90)}.`] : []
}

const plural = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`
const money = (amount: number, currency: string): string => `${amount.toFixed(amount < 0.1 ? 4 : 2)} ${currency}`

function span(seconds: number): string {
  const whole = Math.max(1, Math.round(seconds))
  if (whole < 120) return `${whole} s`
  return whole < 7200 ? `${Math.round(whole / 60)} min` : `${Math.round(whole / 3600)} h`
}
