import { forceParameter, withFullNames } from '@yardmaster/domain'
import type { ForceParameter, ForceScheduler, Json, TryScheduler } from '@yardmaster/domain'
import { codebases } from './building.js'
import { forceCodebases, forceField, refuseTwins } from './force.js'
import { anyWholeNumber, name, properties, text, textOrSecret } from './leaves.js'
import { list, mapped, or, orNull, record } from './reader.js'
import type { Place, Reader } from './reader.js'

const builders: Reader<string[]> = mapped(list(name, 'a list of names of builders'), (names, at) =>
  names.length === 0 ? at.wrong({ expected: 'at least one name of a builder', found: 'an empty list' }) : names)

const fields = list(forceField, 'a list of parameters')
const fixedOrAsked: Reader<{ properties: { [name: string]: Json }; parameters: ForceParameter[] }> = (value, at) =>
  (Array.isArray(value) ? { properties: {}, parameters: fields(value, at) } : { properties: value === undefined ? {} : properties(value, at), parameters: [] })
const numberOrField: Reader<{ priority: number; field: ForceParameter | null }> = (value, at) =>
  (typeof value === 'object' ? { priority: 0, field: forceField(value, at) } : { priority: or(anyWholeNumber, 0)(value, at), field: null })

/** Lets people start builds, with a form. */
export const force: Reader<ForceScheduler> = mapped(record({
  name, builders, codebases: forceCodebases, label: orNull(text), buttonName: orNull(text), parameters: or(fields, []), properties: fixedOrAsked,
  username: orNull(forceField), reason: orNull(forceField), priority: numberOrField, reasonString: or(text, "A build was forced by '%(owner)s': %(reason)s"),
}, 'options of schedulers.force'), ({ reasonString, username, reason, priority: { priority, field }, properties: { properties: fixed, parameters: listed }, ...given }, at) => {
  const asking = Object.entries({ username, reason, priority: field }).flatMap(([called, own]) => (own ? [withFullNames({ ...own, name: called })] : []))
  const parameters = [...asking, ...given.parameters, ...listed]
  for (const type of ['codebase', 'patch'] as const) refuseMisplaced(parameters, type, at)
  refuseTwins([...given.codebases, ...parameters, ...usual.filter(({ name: called }) => !parameters.some(own => own.name === called))], at.at('parameters'))
  const twice = given.codebases.find((codebase, index) => given.codebases.findIndex(other => other.codebase === codebase.codebase) !== index)
  if (twice) at.at('codebases').wrong({ expected: 'different codebases', found: `'${twice.codebase ?? ''}' twice` })
  return { kind: 'force', ...given, parameters, properties: fixed, priority, label: given.label ?? given.name, buttonName: given.buttonName ?? given.name, reason: reasonString }
})

const usual = ['username', 'reason', 'priority'].map(called => forceParameter({ name: called, type: 'text' }))

function refuseMisplaced(parameters: readonly ForceParameter[], type: 'codebase' | 'patch', at: Place): void {
  if (!parameters.some(parameter => parameter.type === type)) return
  at.at('parameters').wrong({ expected: 'parameters that become properties', found: `util.${type}Parameter(…)`, message: `util.${type}Parameter does not become a property: it belongs into ${type === 'patch' ? 'a codebaseParameter' : 'codebases'}` })
}

const user: Reader<TryScheduler['userpass'][number]> = (value, at) => {
  const [called, password, ...rest] = Array.isArray(value) ? value : []
  if (!Array.isArray(value) || rest.length > 0) return at.wrong({ expected: "a pair: ['user', password]", found: 'something else' })
  return { user: name(called, at.at(0)), password: textOrSecret(password, at.at(1)) }
}

/** Builds patches from working trees. */
export const tryScheduler: Reader<TryScheduler> = mapped(record({
  name, builders, properties: or(properties, {}), priority: or(anyWholeNumber, 0), codebases,
  userpass: mapped(list(user, "a list of pairs: [['user', util.secret('name')]]"), (users, at) => (users.length === 0 ? at.wrong({ expected: 'at least one user', found: 'an empty list' }) : users)),
}, 'options of schedulers.try'), given => ({ kind: 'try', ...given, reason: "'try' job" }))
