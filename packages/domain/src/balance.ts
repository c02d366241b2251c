/** How an engine stands among the others, in workers connected. */
export type BalanceView = {
  /** Connected to this engine. */
  mine: number
  /** What would be connected to it if all engines had alike. */
  share: number
  /** Of mine, those that may go now. */
  idle: number
}

export type BalanceState = {
  /** It had more than its share when it was looked at last, and still lets workers go. */
  shedding: boolean
  /** Seconds until it lets go again. */
  pause: number
}

export const balanced: BalanceState = { shedding: false, pause: 1 }

/** Fewer are not worth a reconnection. */
const HANDFUL = 4
const MOST_AT_ONCE = 10
const LONGEST_PAUSE = 300
/** A balancer that throws dice sends some back; more than this is no balancer. */
const MOST_RETURNED = 0.8

/**
 * How many idle workers to let go. It begins above the share by 20 % (and by two workers) and goes on until the share is reached: what one engine gives
 * away does not make another one begin, so they play no ping-pong.
 */
export function toLetGo({ mine, share, idle }: BalanceView, { shedding }: BalanceState): { letGo: number; shedding: boolean } {
  const over = mine - share
  const sheds = mine > HANDFUL && over >= 1 && (shedding || (mine > share * 1.2 && over >= 2))
  if (!sheds) return { letGo: 0, shedding: false }
  return { letGo: Math.min(idle, Math.floor(over), MOST_AT_ONCE, Math.ceil(over / 20)), shedding: true }
}

/** The pause after some were let go: as long as they come back (a balancer sends them to where they were, or there is no other address) each try waits twice as long. */
export function nextPause(pause: number, outcome: { letGo: number; returned: number }): number {
  if (outcome.letGo === 0) return pause
  return outcome.returned >= outcome.letGo * MOST_RETURNED ? Math.min(pause * 2, LONGEST_PAUSE) : 1
}
