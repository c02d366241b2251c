import type { NightlyScheduler, NightlyTriggerableScheduler, PeriodicScheduler } from '@yardmaster/domain'
import { cronProblem } from '../cron.js'
import { building, built } from './building.js'
import { changeOptions, filterOf, oneBranch } from './change-options.js'
import { boolean, duration, oneOf, text } from './leaves.js'
import { isRecord, leaf, mapped, or, orNull, record } from './reader.js'
import type { Place, Reader } from './reader.js'
import { timeZone } from './workers.js'

const missed = or(oneOf('once', 'skip', 'all'), 'once')
const timed = { ...building, ...changeOptions, onlyIfChanged: or(boolean, false), branch: oneBranch, missed }

const times = leaf('a number, a text as in a crontab, or a list of numbers', value => {
  const items = Array.isArray(value) ? value : [value]
  return items.length > 0 && items.every(item => (typeof item === 'number' && Number.isSafeInteger(item) && item >= 0) || (typeof item === 'string' && /^\S+$/.test(item))) ? items.join(',') : undefined
})

const fields = { minute: orNull(times), hour: orNull(times), dayOfMonth: orNull(times), month: orNull(times), dayOfWeek: orNull(times) }
type Fields = { [field in keyof typeof fields]: string | null }
const when = { ...fields, cron: orNull(text), timeZone: or(timeZone, 'UTC'), missed }

/** Buildbot counts days from Monday (0), a crontab from Sunday: 1 to 7 are Monday to Sunday there. Names stay. */
function dayOfWeek(value: string, at: Place): string {
  return value.split(',').map(item => {
    const { first, last, rest = '' } = /^(?<first>\d+)(?:-(?<last>\d+))?(?<rest>[#/L].*)?$/.exec(item)?.groups ?? {}
    if (first === undefined) return item
    if (Number(first) > 6 || Number(last ?? 0) > 6) at.wrong({ expected: 'days from 0 (Monday) to 6 (Sunday)', found: `'${item}'` })
    return `${Number(first) + 1}${last === undefined ? '' : `-${Number(last) + 1}`}${rest}`
  }).join(',')
}

/** Buildbot's defaults: at minute 0 of every hour. */
function lineOf({ minute, hour, dayOfMonth, month, dayOfWeek: day }: Fields, at: Place): string {
  return [minute ?? '0', hour ?? '*', dayOfMonth ?? '*', month ?? '*', day === null ? '*' : dayOfWeek(day, at.at('dayOfWeek'))].join(' ')
}

function checked(line: string, timeZone: string, at: Place): string {
  const problem = cronProblem(line, timeZone)
  return problem === undefined ? line : at.wrong({ expected: 'times of a crontab', found: `'${line}'`, message: `these times cannot be read: ${problem}` })
}

function cronOf(given: Fields & { cron: string | null; timeZone: string }, at: Place): string {
  const said = Object.keys(fields).find(field => given[field as keyof Fields] !== null)
  if (given.cron !== null && said !== undefined) at.at(said).wrong({ expected: `cron or ${said}`, found: 'both' })
  return checked(given.cron ?? lineOf(given, at), given.timeZone, at)
}

function withoutFields<T extends Fields>(given: T): Omit<T, keyof Fields> {
  const rest: { [key: string]: unknown } & Omit<T, keyof Fields> = { ...given }
  for (const field of Object.keys(fields)) delete rest[field]
  return rest
}

const forceAtFields = record(fields, 'times: a crontab line, or { minute, hour, … }')
const forceAt: Reader<string> = (value, at) => (isRecord(value) ? lineOf(forceAtFields(value, at), at) : text(value, at))

export const periodic: Reader<PeriodicScheduler> = mapped(record({ ...timed, periodicBuildTimer: duration }, 'options of schedulers.periodic'), ({ branch, ...given }, at) => {
  if (given.periodicBuildTimer < 1) at.at('periodicBuildTimer').wrong({ expected: 'at least a second', found: `${given.periodicBuildTimer}` })
  return { kind: 'periodic', ...built('Periodic', given, at), changeFilter: filterOf(branch && [branch.branch], given.changeFilter, at) }
})

export const nightly: Reader<NightlyScheduler> = mapped(record({ ...timed, ...when, forceAt: orNull(forceAt) }, 'options of schedulers.nightly'), (all, at) => {
  const { branch, ...given } = withoutFields(all)
  const cron = cronOf(all, at)
  if (given.forceAt !== null) checked(given.forceAt, given.timeZone, at.at('forceAt'))
  return { kind: 'nightly', ...built('Nightly', given, at), cron, changeFilter: filterOf(branch && [branch.branch], given.changeFilter, at) }
})

export const nightlyTriggerable: Reader<NightlyTriggerableScheduler> = mapped(record({ ...building, ...when }, 'options of schedulers.nightlyTriggerable'), (all, at) => {
  return { kind: 'nightlyTriggerable', ...built('NightlyTriggerable', withoutFields(all), at), cron: cronOf(all, at) }
})
