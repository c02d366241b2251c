import type { Downtime, Quarantine, WorkerConfig } from '@yardmaster/domain'
import { duration, durationOrNone, name, oneOf, properties, text, textOrSecret, wholeNumber } from './leaves.js'
import { leaf, list, mapOf, mapped, or, orNull, record } from './reader.js'
import type { Reader } from './reader.js'

const keepalive: Reader<number> = mapped(duration, (seconds, at) => (seconds >= 1 && seconds <= 3600 ? seconds : at.wrong({ expected: 'between 1 second and an hour', found: `${seconds} s` })))

const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
const timeOfDay = leaf("a time of day: 'HH:MM'", value => (typeof value === 'string' && /^([01]\d|2[0-3]):[0-5]\d$/.test(value) ? value : undefined))
export const timeZone = leaf("a time zone such as 'Europe/Berlin'", value => (typeof value === 'string' && isTimeZone(value) ? value : undefined))

function isTimeZone(name: string): boolean {
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: name }))
  } catch {
    return false
  }
}

/** From when to when, on which days. */
export const hours = { days: or(list(oneOf(...weekdays), 'a list of days'), [...weekdays]), from: timeOfDay, to: timeOfDay, timeZone: or(timeZone, 'UTC') }

const downtime: Reader<Downtime> = record({
  ...hours, reason: orNull(text),
}, "a downtime: { from: 'HH:MM', to: 'HH:MM', … }")

const someQuarantine = record({ failures: or(wholeNumber(1), 3), backoff: or(duration, 60), maxBackoff: or(duration, 3600) }, 'a quarantine: { failures, backoff, maxBackoff }')
const quarantine: Reader<Quarantine | null> = (value, at) => (value === null ? null : someQuarantine(value ?? {}, at))

/** Of every worker, whatever brings it. */
export const workerOptions = {
  maxBuilds: orNull(wholeNumber(1)), capacity: orNull(wholeNumber(1)), labels: or(mapOf(text, 'labels: a record of texts'), {}),
  properties: or(properties, {}), defaultProperties: or(properties, {}), keepaliveInterval: or(keepalive, 10),
  notifyOnMissing: or(list(text, 'a list of addresses'), []), downtime: or(list(downtime, 'a list of downtimes'), []), quarantine, owners: or(list(text, 'a list of owners'), []), notes: orNull(text),
}

/** A worker that connects by itself. */
export const ownWorker: Reader<WorkerConfig> = mapped(
  record({ name, password: textOrSecret, missingTimeout: durationOrNone(3600), ...workerOptions }, 'options of workers.worker'), given => ({ ...given, pool: null }))
