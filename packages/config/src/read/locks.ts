import type { LockAccess, Locks } from '@yardmaster/domain'
import { isFunctionRef } from '@yardmaster/domain'
import { name, oneOf, wholeNumber } from './leaves.js'
import { found, isRecord, list, mapOf, mapped, record } from './reader.js'
import type { Reader } from './reader.js'

const access: Reader<LockAccess> = mapped(record({
  name,
  scope: oneOf('cluster', 'worker'),
  maxCount: wholeNumber(1),
  maxCountForWorker: mapOf(wholeNumber(1), 'counts by worker name: a record'),
  mode: oneOf('counting', 'exclusive'),
  count: wholeNumber(1),
}, 'what lock.access(…) made'), (given, at) => {
  const most = Math.min(given.maxCount, ...Object.values(given.maxCountForWorker))
  if (given.mode === 'counting' && given.count > most) {
    at.wrong({ expected: `a count of at most ${most}`, found: String(given.count), message: `the lock '${given.name}' lets ${most} in at once, so a count of ${given.count} would wait for ever` })
  }
  return given
})

/** Also of what a `locks` function answers with. */
export const lockAccess: Reader<LockAccess> = (value, at) => {
  if (!isRecord(value) || !('$lock' in value)) return at.wrong({ expected: "lock.access('counting') or lock.access('exclusive')", found: found(value) })
  return access(value['$lock'], at)
}

/** The same lock twice would wait for itself. */
const accesses: Reader<LockAccess[]> = mapped(list(lockAccess, 'a list of lock.access(…)'), (given, at) => {
  const twice = given.findIndex((one, index) => given.findIndex(other => other.name === one.name) < index)
  if (twice >= 0) at.at(twice).wrong({ expected: 'each lock once', found: `'${given[twice]!.name}' a second time` })
  return given
})

export const locks: Reader<Locks> = (value, at) => {
  if (value === undefined || value === null) return []
  return isFunctionRef(value) ? { $fn: value.$fn } : accesses(value, at)
}
