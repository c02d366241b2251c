import type { Price } from './machine.js'

/** What a machine is paid by. */
export type Bill = Pick<Price, 'perHour' | 'period'> & {
  /** Epoch ms: since when it is paid. */
  from: number
  /** Epoch ms of its end; null: it is there. */
  until: number | null
}

const HOUR_S = 3600

/** What a period costs, once it has begun. */
export const periodPrice = ({ perHour, period }: Pick<Price, 'perHour' | 'period'>): number => perHour * period / HOUR_S

/** Epoch ms at which the period that is paid at `now` ends: until then keeping the machine costs nothing more. */
export function paidUntil({ from, period }: Pick<Bill, 'from' | 'period'>, now: number): number {
  return from + periodsBegun({ from, period }, now) * period * 1000
}

/** What it has cost up to `now`. */
export function costAt(bill: Bill, now: number): number {
  return costBetween(bill, { from: bill.from, until: now })
}

/** What it costs of a stretch of time: the periods that begin in it. The costs of days add up to the whole. `until` belongs to it: what begins now is paid. */
export function costBetween(bill: Bill, { from, until }: { from: number; until: number }): number {
  const end = bill.until === null ? until : Math.min(until, bill.until - 1)
  return Math.max(0, periodsBegun(bill, end) - periodsBegun(bill, from - 1)) * periodPrice(bill)
}

/** The first begins with the machine. */
function periodsBegun({ from, period }: Pick<Bill, 'from' | 'period'>, at: number): number {
  return at < from ? 0 : Math.floor((at - from) / (period * 1000)) + 1
}

/**
 * A build's part of what its machine costs: boot and idle times are borne by the builds, each in proportion to how long it took, so that the parts add up to the whole.
 * `mine` and `all` in any unit: how long it took, and all `of` them together.
 */
export function shareOfCost(cost: number, { mine, all, of }: { mine: number; all: number; of: number }): number {
  return all > 0 ? cost * mine / all : cost / Math.max(of, 1)
}
