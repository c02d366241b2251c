const outcomes = ['success', 'warnings', 'failure', 'exception', 'cancelled'] as const
type Outcome = (typeof outcomes)[number]
export type OutcomeChange = `${Outcome}To${Capitalize<Outcome>}`

export const outcomeChange = (from: Outcome, to: Outcome): OutcomeChange => `${from}To${to.charAt(0).toUpperCase()}${to.slice(1)}` as OutcomeChange

/** What an IRC reporter may tell of, as Buildbot's notify_events. */
export const ircEvents = ['started', 'finished', ...outcomes, 'better', 'worse', 'problem', 'recovery', 'worker', ...outcomes.flatMap(from => outcomes.map(to => outcomeChange(from, to)))] as const
export type IrcEvent = (typeof ircEvents)[number]
