import type { BuildingScheduler, Codebases, FunctionRef, Renderable } from '@yardmaster/domain'
import { isFunctionRef } from '@yardmaster/domain'
import { anyWholeNumber, functionRef, name, text } from './leaves.js'
import { found, list, mapOf, mapped, or, orNull, record } from './reader.js'
import type { Place, Reader } from './reader.js'
import { renderableData, renderableText } from './renderables.js'

/** Names are checked against the builders elsewhere, all at once. */
export const builderList: Reader<string[]> = mapped(list(name, 'a list of names of builders'), (names, at) =>
  names.length === 0 ? at.wrong({ expected: 'at least one name of a builder', found: 'an empty list' }) : names)

const builders: Reader<string[] | FunctionRef> = (value, at) => (isFunctionRef(value) ? functionRef(value, at) : builderList(value, at))

const codebase = record({ repository: or(text, ''), branch: orNull(text), revision: orNull(text) }, 'a codebase: { repository, branch, revision }')
const codebaseMap = mapOf(codebase, 'codebases: a list of names, or a record')

/** A list of names, or a record. */
export const codebases: Reader<Codebases> = (value, at) => {
  if (value === undefined) return { '': { repository: '', branch: null } }
  if (!Array.isArray(value)) return codebaseMap(value, at)
  return Object.fromEntries(list(text, 'a list of names of codebases')(value, at).map(item => [item, { repository: '', branch: null }]))
}

/** Its value becomes a row, so no secret can be in it. */
const withoutSecrets = <T extends Renderable>(reader: Reader<T>): Reader<T> => mapped(reader, (value, at) =>
  /"\$secret":|%\(secret:/.test(JSON.stringify(value)) ? at.wrong({ expected: 'no secret: it would be stored with the build', found: 'a secret' }) : value)

const priority: Reader<number | FunctionRef> = (value, at) => (isFunctionRef(value) ? functionRef(value, at) : anyWholeNumber(value, at))

/** What every scheduler has that asks for buildsets by itself. */
export const building = {
  name, builders: orNull(builders), builderNames: orNull(builders), properties: or(mapOf(withoutSecrets(renderableData), 'properties: a record'), {}), priority: or(priority, 0),
  reason: orNull(withoutSecrets(renderableText)), codebases,
}

type Building = Omit<BuildingScheduler, 'builders' | 'reason'> & { builders: string[] | FunctionRef | null; builderNames: string[] | FunctionRef | null; reason: Renderable }

/** `builderNames` is Buildbot's word for `builders`; `kind` is in the reason that stands in for one. */
export function built<T extends Building>(kind: string, given: T, at: Place): Omit<T, 'builderNames' | 'builders' | 'reason'> & Pick<BuildingScheduler, 'builders' | 'reason'> {
  const { builders: own, builderNames, reason, ...rest } = given
  if (own !== null && builderNames !== null) at.at('builderNames').wrong({ expected: 'builders or builderNames', found: 'both' })
  const names = own ?? builderNames ?? at.at('builders').wrong({ expected: 'a list of names of builders', found: found(undefined) })
  return { ...rest, builders: names, reason: reason ?? `The ${kind} scheduler named '${given.name}' triggered this build` }
}
