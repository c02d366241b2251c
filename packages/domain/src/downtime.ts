import type { Downtime, Weekday } from './configuration.js'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
const WEEKDAYS: readonly Weekday[] = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
/** 1970-01-01 was a Thursday. */
const EPOCH_WEEKDAY = 4

export type InDowntime = {
  /** Epoch ms of its end; of the last, when one ends in another. */
  until: number
  timeZone: string
  reason: string | null
}

/**
 * The downtime that it is at `now` (epoch ms); null: none. A downtime lasts from one reading of the clock of its time zone to the other: at a change to
 * summer time it is an hour shorter, at the change back an hour longer. A reading that is skipped counts as the moment of the skip; of one
 * that comes twice, a downtime begins at the first and ends at the second.
 */
export function downtimeAt(downtimes: readonly Downtime[], now: number): InDowntime | null {
  let found: InDowntime | null = null
  // One that begins in another, or where it ends, goes on with it; each can do so once a day, a week of them is enough for anybody.
  for (let round = 0; round <= 7 * downtimes.length; round++) {
    const at: number = found?.until ?? now
    const next: InDowntime | undefined = downtimes.map(downtime => windowAt(downtime, at)).filter(window => window !== null).sort((a, b) => b.until - a.until)[0]
    if (!next) break
    found = { ...next, reason: found ? found.reason : next.reason }
  }
  return found
}

/** For people: `until 06:00 (Europe/Berlin)`, with the day when it is further away than a day. */
export function untilText({ until, timeZone }: InDowntime, now: number): string {
  const { day, minute } = localOf(until, timeZone)
  const time = `${two(Math.floor(minute / 60))}:${two(minute % 60)}`
  return `until ${until - now > DAY ? `${WEEKDAYS[weekday(day)]} ` : ''}${time} (${timeZone})`
}

/** The day that the zone's calendar shows at `at`: epoch ms of its beginning, and of the next one's. */
export function dayAt(at: number, timeZone: string): { from: number; until: number } {
  const { day } = localOf(at, timeZone)
  return { from: instantOf(day, 0, timeZone).first, until: instantOf(day + 1, 0, timeZone).first }
}

const two = (value: number) => String(value).padStart(2, '0')

function windowAt({ days, from, to, timeZone, reason }: Downtime, at: number): InDowntime | null {
  const [begins, ends] = [minutesOf(from), minutesOf(to)]
  const today = localOf(at, timeZone).day
  for (const day of [today, today - 1]) {
    if (!days.includes(WEEKDAYS[weekday(day)]!)) continue
    const start = instantOf(day, begins, timeZone).first
    const until = instantOf(ends > begins ? day : day + 1, ends, timeZone).last
    if (start <= at && at < until) return { until, timeZone, reason }
  }
  return null
}

function minutesOf(time: string): number {
  const [hours, minutes] = time.split(':').map(Number)
  return hours! * 60 + minutes!
}

function weekday(day: number): number {
  return (((day + EPOCH_WEEKDAY) % 7) + 7) % 7
}

/** A moment as the clock and calendar of the zone show it: days since 1970-01-01, minutes since midnight. */
function localOf(at: number, timeZone: string): { day: number; minute: number } {
  const local = at + offsetAt(at, timeZone)
  const day = Math.floor(local / DAY)
  return { day, minute: Math.floor((local - day * DAY) / MINUTE) }
}

/** When the zone's clock shows this: the same moment twice, unless it does so two times. */
function instantOf(day: number, minute: number, timeZone: string): { first: number; last: number } {
  const reading = day * DAY + minute * MINUTE
  // The offsets before and after any change that is near.
  const [before, after] = [offsetAt(reading - DAY, timeZone), offsetAt(reading + DAY, timeZone)]
  const right = [reading - before, reading - after].filter(at => at + offsetAt(at, timeZone) === reading).sort((a, b) => a - b)
  if (right.length > 0) return { first: right[0]!, last: right.at(-1)! }
  const skip = changeBetween(reading - DAY, reading + DAY, timeZone)
  return { first: skip, last: skip }
}

/** The minute at which the offset changes. */
function changeBetween(from: number, to: number, timeZone: string): number {
  const before = offsetAt(from, timeZone)
  let [low, high] = [Math.floor(from / MINUTE), Math.ceil(to / MINUTE)]
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (offsetAt(middle * MINUTE, timeZone) === before) low = middle
    else high = middle
  }
  return high * MINUTE
}

/** Of each zone, by minutes since 1970: the calendar is slow, and the same moments are asked for by every worker of a claim. */
const offsets = new Map<string, Map<number, number>>()
const MOST_KNOWN = 1000

/** What the zone's clock is ahead of UTC, ms. It changes at whole minutes. */
function offsetAt(at: number, timeZone: string): number {
  let known = offsets.get(timeZone)
  if (!known || known.size >= MOST_KNOWN) offsets.set(timeZone, known = new Map<number, number>())
  const minute = Math.floor(at / MINUTE)
  const offset = known.get(minute) ?? calendarOffset(minute * MINUTE, timeZone)
  known.set(minute, offset)
  return offset
}

const formats = new Map<string, Intl.DateTimeFormat>()

function calendarOffset(at: number, timeZone: string): number {
  let format = formats.get(timeZone)
  if (!format) formats.set(timeZone, format = new Intl.DateTimeFormat('en-US', {
    timeZone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' }))
  const parts = new Map(format.formatToParts(at).map(part => [part.type, Number(part.value)]))
  const shown = (type: Intl.DateTimeFormatPartTypes) => parts.get(type)!
  const local = Date.UTC(shown('year'), shown('month') - 1, shown('day'), shown('hour'), shown('minute'), shown('second'))
  return local - at
}
