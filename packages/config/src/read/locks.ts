import type { Json, LockAccess, Locks } from '@yardmaster/domain'
import { isFunctionRef } from '@yardmaster/domain'
import { name, oneOf, wholeNumber } from './leaves.js'
import { attempt, found, isRecord, list, mapOf, mapped, Place, record } from './reader.js'
import type { Finding, Reader } from './reader.js'

/** What the database can count to. */
const MOST = 2 ** 31 - 1
const size: Reader<number> = mapped(wholeNumber(1), (given, at) => (given <= MOST ? given : at.wrong({ expected: `at most ${MOST}`, found: String(given) })))
/** Half a surrogate pair would be stored as another name. */
const lockName: Reader<string> = mapped(name, (given, at) => (/\p{Surrogate}/u.test(given) ? at.wrong({ expected: 'a name of whole characters', found: JSON.stringify(given) }) : given))

const access: Reader<LockAccess> = mapped(record({
  name: lockName,
  scope: oneOf('cluster', 'worker'),
  maxCount: size,
  maxCountForWorker: mapOf(size, 'counts by worker name: a record'),
  mode: oneOf('counting', 'exclusive'),
  count: size,
}, 'what lock.access(…) made'), (given, at) => {
  const most = Math.min(given.maxCount, ...Object.values(given.maxCountForWorker))
  if (given.mode === 'counting' && given.count > most) {
    at.wrong({ expected: `a count of at most ${most}`, found: String(given.count), message: `the lock '${given.name}' lets ${most} in at once, so a count of ${given.count} would wait for ever` })
  }
  return given
})

const lockAccess: Reader<LockAccess> = (value, at) => {
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

/** What a `locks` function answered with; nothing is no lock. Throws an error that says what is wrong with it. */
export function locksAnswered(answer: Json, what: string): LockAccess[] {
  const findings: Finding[] = []
  const read = attempt(() => accesses(answer ?? [], new Place([], findings)))
  if (!read || findings.length > 0) throw new Error(`${what}: ${findings[0]?.message ?? 'the function answered with something else'}`)
  return read.value
}

type Locking = { name: string; locks: Locks; steps: { name: string; locks: Locks }[] }

/** Of all builders together: a step that would wait for its own build, and a lock of which two sizes are said. */
export function lockFindings(builders: readonly Locking[]): Finding[] {
  const said = builders.flatMap((builder, at) => [
    ...plain(builder.locks).map((lock, index) => ({ lock, path: ['builders', at, 'locks', index] })),
    ...builder.steps.flatMap((step, number) => plain(step.locks).map((lock, index) => ({ lock, path: ['builders', at, 'steps', number, 'locks', index] }))),
  ])
  const sizes = new Map<string, LockAccess>()
  const two = said.flatMap(({ lock, path }): Finding[] => {
    const first = sizes.get(keyOf(lock)) ?? lock
    sizes.set(keyOf(lock), first)
    const same = first.maxCount === lock.maxCount && JSON.stringify(Object.entries(first.maxCountForWorker).sort()) === JSON.stringify(Object.entries(lock.maxCountForWorker).sort())
    return same ? [] : [{ path, expected: `a maxCount of ${first.maxCount}, as the lock has elsewhere`, found: String(lock.maxCount), message: `there are two locks '${lock.name}' of different sizes: make it once and use it in both places` }]
  })
  const own = builders.flatMap((builder, at) => builder.steps.flatMap((step, number) => plain(step.locks).flatMap((lock, index): Finding[] => {
    if (!plain(builder.locks).some(held => keyOf(held) === keyOf(lock))) return []
    return [{ path: ['builders', at, 'steps', number, 'locks', index], expected: 'a lock that the builder does not hold', found: `'${lock.name}'`, message: `step '${step.name}' uses the lock '${lock.name}', which its builder holds while it runs` }]
  })))
  return [...two, ...own]
}

const keyOf = ({ scope, name: lock }: LockAccess): string => `${scope}:${lock}`

function plain(given: Locks): LockAccess[] {
  return Array.isArray(given) ? given : []
}
