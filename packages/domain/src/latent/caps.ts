import { dayAt } from '../downtime.js'
import type { Price } from './machine.js'
import { costBetween, paidUntil, periodPrice } from './money.js'
import type { DailyCap } from './pool-config.js'
import type { PoolMachine } from './pool-facts.js'

/** Taking a machine away takes a while: a period that begins sooner is paid. */
export const REMOVAL_MS = 120_000

/** A pool's money of one day, in the account's currency. Periods count for the day on which they begin. */
export type CapState = {
  amount: number
  spent: number
  /** What machines that are there or asked for will cost next, as far as that begins before the day ends. */
  reserved: number
  /** Machines whose next period is not within the cap, and when it begins (epoch ms). */
  over: ReadonlyMap<number, number>
  /** Epoch ms. */
  dayEnds: number
}

/** What is reserved for a machine before it may go on, or begin: a period, or what it costs while it is being taken away. */
export function nextCost(price: Pick<Price, 'perHour' | 'period'>): number {
  return periodPrice(price) * Math.max(1, Math.ceil(REMOVAL_MS / 1000 / price.period))
}

/** How a cap stands at `now`, by the machines of its pool that are there or ended since the day began. */
export function capState(cap: DailyCap, machines: readonly PoolMachine[], now: number): CapState {
  const day = dayAt(now, cap.timeZone)
  const priced = machines.flatMap(machine => (machine.price && machine.price.perHour > 0 ? [{ machine, price: machine.price }] : []))
  const spent = priced.reduce((sum, { machine, price }) => sum + spentOn(machine, price, { from: day.from, until: now }), 0)
  const state: CapState & { over: Map<number, number> } = { amount: cap.amount, spent, reserved: 0, over: new Map(), dayEnds: day.until }
  for (const { machine, price, at } of priced.map(each => ({ ...each, at: nextPeriod(each.machine, each.price, now) })).sort((a, b) => a.at - b.at)) {
    if (at >= day.until) continue
    const next = nextCost(price)
    // To the smallest part that is paid for: sums of fractions are not exact.
    if (fits(state, next)) state.reserved += next
    else if (machine.wanted) state.over.set(machine.id, at)
    else state.reserved += next
  }
  return state
}

/** Whether so much more is within the cap. */
export function fits({ amount, spent, reserved }: Pick<CapState, 'amount' | 'spent' | 'reserved'>, cost: number): boolean {
  return spent + reserved + cost <= amount * (1 + 1e-9)
}

function spentOn(machine: PoolMachine, price: Price, day: { from: number; until: number }): number {
  return machine.createdAt === null ? 0 : costBetween({ ...price, from: machine.createdAt, until: machine.goneAt }, day)
}

/** When it costs again, epoch ms: one that is not created yet, as soon as it is. Infinity: never, or it is gone by then. */
function nextPeriod(machine: PoolMachine, price: Price, now: number): number {
  if (machine.goneAt !== null) return Infinity
  if (machine.createdAt === null) return machine.wanted || machine.begun ? now : Infinity
  const at = paidUntil({ from: machine.createdAt, period: price.period }, now)
  return machine.wanted || at - now <= REMOVAL_MS ? at : Infinity
}
