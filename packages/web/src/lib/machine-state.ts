import type { Instance, Pool } from '@yardmaster/rest'

export type MachineState = {
  /** Names its colour. */
  kind: 'coming' | 'idle' | 'building' | 'going' | 'gone' | 'failed'
  text: string
  /** Since when, epoch seconds. */
  since: number
}

/** What a machine is doing, as people say it. */
export function machineState({ state, builds, retireReason, failure, unsureSince, tries, observed, requestedAt, createdAt, startedAt, connectedAt, condemnedAt, goneAt }: Instance): MachineState {
  switch (state) {
    case 'requested': return { kind: 'coming', text: tries > 0 ? 'tried again' : 'requested', since: requestedAt }
    case 'creating': return { kind: 'coming', text: unsureSince === null ? 'creating' : 'looked for', since: requestedAt }
    case 'booting': return observed === 'error' ? { kind: 'failed', text: 'in error', since: createdAt ?? requestedAt } : { kind: 'coming', text: 'booting', since: startedAt ?? createdAt ?? requestedAt }
    case 'ready': return { kind: builds > 0 ? 'building' : 'idle', text: retireReason === null ? (builds > 0 ? 'building' : 'idle') : 'last build', since: connectedAt ?? requestedAt }
    case 'removing': return { kind: failure ? 'failed' : 'going', text: failure ? 'failed, removing' : 'removing', since: condemnedAt ?? requestedAt }
    case 'gone': return { kind: failure ? 'failed' : 'gone', text: failure ? 'failed' : 'gone', since: goneAt ?? requestedAt }
  }
}

/** Why it is there, or why it goes. */
export const machineWhy = ({ reason, retireReason, endReason, failure }: Instance): string => failure?.message || (endReason ?? retireReason ?? reason)

/** `0.04 EUR`; small amounts with more digits. */
export function money(amount: number, currency: string): string {
  return `${amount.toFixed(amount > 0 && amount < 0.1 ? 4 : 2)} ${currency}`
}

/** What it costs so far; null: nobody knows. */
export const costOf = ({ cost, price }: Pick<Instance, 'cost' | 'price'>): string | null => (cost === null || price === null ? null : money(cost, price.currency))

/** Of a pool: machines that are there or under way. */
export const machinesOf = ({ machines: { requested, creating, booting, ready } }: Pool): number => requested + creating + booting + ready

/** What keeps the pool from starting machines; null: nothing. `bad`: somebody has to look. */
export function heldUp({ active, alert, paused, backoff, obstacle, waiting }: Pool): { kind: 'bad' | 'wait'; text: string } | null {
  if (alert) return { kind: 'bad', text: 'stopped' }
  if (paused) return { kind: 'wait', text: 'paused' }
  if (backoff) return { kind: 'wait', text: 'backing off' }
  if (obstacle && waiting > 0) return { kind: 'wait', text: 'held up' }
  return active ? null : { kind: 'wait', text: 'not configured' }
}

/** Part of the day's cap that is spent, 0 to 1; null: there is no cap. */
export function capShare({ spent, cap }: Pool): number | null {
  return cap === null ? null : Math.min(1, (spent?.today ?? 0) / cap.amount)
}
