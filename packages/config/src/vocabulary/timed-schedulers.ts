import type { BuildingOptions, ChangeOptions, Codebases } from './schedulers.js'
import type { Duration } from './values.js'

export type MissedTicks = 'once' | 'skip' | 'all'

type TimedOptions = BuildingOptions & ChangeOptions & {
  codebases?: Codebases
  /** Build only when there has been an important change since the last build. */
  onlyIfChanged?: boolean
  /** For a codebase without a change, build the place of the last change that was seen, instead of the newest of the branch. */
  createAbsoluteSourceStamps?: boolean
  /** Consider only changes of this branch; null: of none. */
  branch?: string | null
  /** Ticks that nobody was there for: one build for all of them (the default), none, or one for each (at most 100). */
  missed?: MissedTicks
}

export type PeriodicOptions = TimedOptions & {
  /** From one build's start to the next. */
  periodicBuildTimer: Duration
}

type Times = number | string | readonly number[]
/** Buildbot's fields: numbers, lists, names, ranges and steps as in a crontab. */
export type NightlyTimes = {
  minute?: Times
  hour?: Times
  dayOfMonth?: Times
  month?: Times
  /** 0 is Monday, as in Buildbot. */
  dayOfWeek?: Times
}
type When = NightlyTimes & {
  /** Instead of the fields, a whole crontab line (0 is Sunday there): '30 2 * * mon-fri', '0 0 L * *', '0 9 * * fri#2', '@daily'. */
  cron?: string
  /** 'Europe/Berlin'; UTC unless said otherwise. */
  timeZone?: string
  missed?: MissedTicks
}

export type NightlyOptions = TimedOptions & When & {
  /** With onlyIfChanged: further times, at which it builds whether there was a change or not. */
  forceAt?: string | NightlyTimes
}

export type NightlyTriggerableOptions = BuildingOptions & When & {
  codebases?: Codebases
}
