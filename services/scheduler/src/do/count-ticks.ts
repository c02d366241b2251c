import { nextTick } from '@yardmaster/config/host'
import type { ClockScheduler } from '@yardmaster/domain'

/** A tick that is older than this when it is looked at was missed: nobody was there for it. */
const MISSED_AFTER_MS = 60_000
/** Of missed ticks that are all built, so many: the newest. */
const MOST_CAUGHT_UP = 100
/** A day of a tick per minute; of more than that many ticks the older ones are passed over. */
const MOST_COUNTED = 1_500

export type Tick = { at: Date; /** Builds whether anything changed or not. */ forced: boolean }

/** What a clock's time is made from, and whether it looks at changes: another one plans it anew. */
export function specOf(scheduler: ClockScheduler): string {
  if (scheduler.kind === 'periodic') return JSON.stringify({ every: scheduler.periodicBuildTimer, onlyIfChanged: scheduler.onlyIfChanged })
  const { cron, timeZone } = scheduler
  return JSON.stringify(scheduler.kind === 'nightly' ? { cron, timeZone, forceAt: scheduler.forceAt, onlyIfChanged: scheduler.onlyIfChanged } : { cron, timeZone })
}

/** Whether it looks at changes only now: nobody knows what has changed before, so the next tick builds in any case. */
export function beginsToLook(scheduler: ClockScheduler, before: string): boolean {
  return 'onlyIfChanged' in scheduler && scheduler.onlyIfChanged && !before.includes('"onlyIfChanged":true')
}

/** When a clock that is set for the first time, or anew, ticks. As in Buildbot a periodic one begins at once, and goes on from its last build. */
export function firstTick(scheduler: ClockScheduler, { now, firedAt }: { now: Date; firedAt: Date | null }): Date | null {
  if (scheduler.kind !== 'periodic') return tickAfter(scheduler, now)
  const due = firedAt === null ? now.getTime() : firedAt.getTime() + scheduler.periodicBuildTimer * 1000
  return new Date(Math.max(due, now.getTime()))
}

/**
 * Which ticks are built of a clock that is due, and when it ticks next. Of several at once all but the last were missed: `once` builds one for all
 * of them, `all` each of the newest hundred, `skip` only what was not missed. A periodic clock counts from this build, not from its missed ones.
 */
export function ticksDue(scheduler: ClockScheduler, { due, now }: { due: Date; now: Date }): { ticks: Tick[]; next: Date | null } {
  const passed = ticksPassed(scheduler, due, now).map((at): Tick => ({ at, forced: isForced(scheduler, at) }))
  const next = tickAfter(scheduler, now)
  const newest = passed.at(-1)
  if (newest === undefined) return { ticks: [], next: due }
  switch (scheduler.missed) {
    case 'all': return { ticks: passed.slice(-MOST_CAUGHT_UP), next }
    case 'once': return { ticks: [{ at: newest.at, forced: passed.some(tick => tick.forced) }], next }
    case 'skip': return { ticks: now.getTime() - newest.at.getTime() <= MISSED_AFTER_MS ? [newest] : [], next }
  }
}

/** From `from` to `now`; of too many, the newest, about as many as may be counted. */
function ticksPassed(scheduler: ClockScheduler, from: Date | null, now: Date): Date[] {
  const passed: Date[] = []
  for (let at = from; at !== null && at <= now; at = tickAfter(scheduler, at)) {
    if (passed.length === MOST_COUNTED) return ticksPassed(scheduler, tickAfter(scheduler, laterFrom(passed, now)), now)
    passed.push(at)
  }
  return passed
}

/** As if ticks came as often as these; at least half of the time is passed over, so that it comes to an end. */
function laterFrom(passed: Date[], now: Date): Date {
  const first = passed[0]!.getTime()
  const span = passed.at(-1)!.getTime() - first
  return new Date(Math.max(now.getTime() - 0.9 * span, (first + now.getTime()) / 2))
}

function tickAfter(scheduler: ClockScheduler, after: Date): Date | null {
  if (scheduler.kind === 'periodic') return new Date(after.getTime() + scheduler.periodicBuildTimer * 1000)
  const own = nextTick(scheduler.cron, scheduler.timeZone, after)
  const forced = forceAtOf(scheduler) === null ? null : nextTick(forceAtOf(scheduler)!, scheduler.timeZone, after)
  return own === null || (forced !== null && forced < own) ? forced : own
}

function isForced(scheduler: ClockScheduler, at: Date): boolean {
  const line = forceAtOf(scheduler)
  if (line === null || scheduler.kind === 'periodic') return false
  return nextTick(line, scheduler.timeZone, new Date(at.getTime() - 1))?.getTime() === at.getTime()
}

const forceAtOf = (scheduler: ClockScheduler) => (scheduler.kind === 'nightly' ? scheduler.forceAt : null)
