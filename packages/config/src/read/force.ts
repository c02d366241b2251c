import { codebaseFieldNames, codebaseParameter, forceParameter, isFunctionRef, leavesOf, patchFields, reservedForceFields, toText, withFullNames } from '@yardmaster/domain'
import type { ForceParameter, FunctionRef, Json } from '@yardmaster/domain'
import { anyWholeNumber, boolean, functionRef, name, oneOf, pattern, plainData, text, wholeNumber } from './leaves.js'
import { byKind, found, list, mapOf, mapped, or, orNull, record } from './reader.js'
import type { Place, Reader, Shape, Shaped } from './reader.js'

const fieldName: Reader<string> = mapped(name, (given, at) => {
  if (reservedForceFields.includes(given)) at.wrong({ expected: 'another name', found: `'${given}'`, message: `'${given}' cannot be used as a parameter name, because it is reserved` })
  return /^[\w.-]+$/.test(given) ? given : at.wrong({ expected: "letters, digits, '_', '.' and '-'", found: `'${given}'` })
})
const groupName: Reader<string> = (value, at) => (value === '' ? '' : fieldName(value, at))

type MaybeAsked<T> = { value?: T; fn: FunctionRef | null }

/** A value, or a function that is asked for it. */
const asked = <T>(reader: Reader<T>): Reader<MaybeAsked<T>> => (value, at) => {
  if (value === undefined) return { fn: null }
  return isFunctionRef(value) ? { fn: value } : { value: reader(value, at), fn: null }
}

const words = { label: orNull(text), tablabel: orNull(text), tooltip: or(text, ''), hide: or(boolean, false), debug: or(boolean, true) }
const common = { ...words, required: or(boolean, false), dependsOn: or(list(text, 'a list of full names of fields'), []), autopopulate: orNull(mapOf(mapOf(plainData, 'values by field'), 'values of other fields by choice')) }
const sized = { size: orNull(wholeNumber(1)) }
const limited = { regex: orNull((value, at) => pattern(value, at).source), maxsize: orNull(wholeNumber(0)) }
const textual = { ...common, ...sized, ...limited, default: asked(text) }

type Words = Shaped<typeof words>
type Rest = { default?: MaybeAsked<Json>; choices?: MaybeAsked<string[]>; maxsize?: number | null } & { [option: string]: unknown }

/** A parameter of one type: its options, then what follows from the type. */
function parameter(type: ForceParameter['type'], shape: Shape, fixed: Partial<ForceParameter> & { name?: string } = {}): Reader<ForceParameter> {
  const named = fixed.name === undefined ? fieldName : or(fieldName, fixed.name)
  return mapped(record({ name: named, ...shape }, 'options of the parameter'), given => {
    const { label, tablabel, debug: _debug, default: otherwise, choices, maxsize, ...rest } = given as Words & { name: string } & Rest
    const shown = label ?? fixed.label ?? given.name
    return withFullNames(forceParameter({
      ...rest, ...(maxsize === undefined || maxsize === null ? {} : { maxsize }), ...(otherwise?.value === undefined ? {} : { default: otherwise.value }), ...(choices?.value ? { choices: choices.value } : {}),
      ...fixed, name: given.name, type, label: shown, tablabel: tablabel ?? shown, defaultFn: otherwise?.fn ?? null, choicesFn: choices?.fn ?? null, ...(fixed.hide ? { hide: true } : {}),
    }))
  })
}

const choiceList = asked(list(text, 'a list of texts, or a function'))
const choices: Reader<ForceParameter> = mapped(parameter('choices', {
  ...common, choices: mapped(choiceList, (given, at) => (given.value || given.fn ? given : at.wrong({ expected: 'a list of texts, or a function', found: 'nothing' }))), strict: or(boolean, true), multiple: or(boolean, false), default: asked(plainData),
}), (given, at) => {
  const unknown = given.choicesFn ? undefined : [given.default].flat().find(item => given.strict && item !== '' && !given.choices.includes(toText(item)))
  return unknown === undefined ? given : at.at('default').wrong({ expected: `one of ${given.choices.join(', ')}`, found: `'${toText(unknown)}'` })
})

const inherit: Reader<ForceParameter> = mapped(record({ name: or(fieldName, 'inherit'), ...words, required: or(boolean, false), dependsOn: or(list(text, 'a list of full names of fields'), []), compatibleBuilds: choiceList }, 'options of util.inheritBuildParameter'), (given, at) => {
  const { compatibleBuilds: { value, fn }, label, tablabel, debug: _debug, ...rest } = given
  if (!value && !fn) at.at('compatibleBuilds').wrong({ expected: "a list of builds as 'builder/number', or a function", found: 'nothing' })
  return forceParameter({ ...rest, type: 'inherit', label: label ?? given.name, tablabel: tablabel ?? label ?? given.name, choices: value ?? [], choicesFn: fn })
})

const columns = orNull(mapped(wholeNumber(1), (given, at) => (given <= 4 ? given : at.wrong({ expected: 'at most 4 columns', found: String(given) }))))
const grouping = { ...words, layout: or(oneOf('vertical', 'horizontal', 'simple', 'tabs'), 'vertical'), columns, maxsize: orNull(wholeNumber(0)) }

function group(type: ForceParameter['type'], given: Shaped<typeof grouping> & { name: string }, fields: ForceParameter[]): ForceParameter {
  const { label, tablabel, debug: _debug, ...rest } = given
  const shown = label ?? given.name
  return withFullNames(forceParameter({ ...rest, type, label: shown, tablabel: tablabel ?? shown, fields }))
}

const nested: Reader<ForceParameter> = (value, at) => {
  const { fields, ...given } = record({ name: groupName, ...grouping, fields: list(forceField, 'a list of parameters') }, 'options of the parameter')(value, at)
  const misplaced = fields.find(({ type }) => type === 'codebase' || type === 'patch')
  if (misplaced) at.at('fields').wrong({ expected: 'parameters that become properties', found: `util.${misplaced.type}Parameter(…)`, message: `util.${misplaced.type}Parameter does not become a property: ${misplaced.type === 'patch' ? 'it belongs into a codebaseParameter' : 'it belongs into codebases of the scheduler'}` })
  return group('nested', given, fields)
}

const any: Reader<ForceParameter> = mapped(record({ name: fieldName, ...grouping }, 'options of util.anyPropertyParameter'), given => (
  group('any', { ...given, label: given.label ?? '' }, [forceParameter({ name: 'name', type: 'text', label: 'Name:' }), forceParameter({ name: 'value', type: 'text', label: 'Value:' })])))

const ofKind = (types: readonly ForceParameter['type'][], expected: string): Reader<ForceParameter> => (value, at) => {
  const field = forceField(value, at)
  return types.includes(field.type) ? field : at.wrong({ expected, found: found(value) })
}
const plainTypes: readonly ForceParameter['type'][] = ['text', 'int', 'choices', 'fixed', 'file']
const patchField = orNull(ofKind(plainTypes, 'a parameter of one value'))

const patch: Reader<ForceParameter> = mapped(
  record({ name: or(fieldName, 'patch'), ...grouping, body: patchField, level: patchField, author: patchField, comment: patchField, subdir: patchField }, 'options of util.patchParameter'),
  ({ body, level, author, comment, subdir, ...given }) => {
    const own = Object.entries({ body, level, author, comment, subdir }).flatMap(([field, own]) => (own ? [{ ...own, name: field }] : []))
    return group('patch', { ...given, label: given.label ?? 'Patch', columns: given.columns ?? 1 }, patchFields(own))
  })

/** A parameter, a text that nobody can change, null for none; undefined: the usual one. */
const codebaseField: Reader<ForceParameter | null | undefined> = (value, at) => {
  if (value === undefined || value === null) return value
  if (typeof value === 'string') return forceParameter({ name: 'fixed', type: 'fixed', default: value })
  return ofKind(plainTypes, 'a parameter of one value, a text or null')(value, at)
}

const codebase: Reader<ForceParameter> = mapped(record({
  codebase: text, name: or(groupName, ''), ...grouping, branch: codebaseField, revision: codebaseField, repository: codebaseField, project: codebaseField,
  patch: orNull(ofKind(['patch'], 'util.patchParameter(…)')), createSourcestamp: orNull(functionRef),
}, 'options of util.codebaseParameter'), ({ branch, revision, repository, project, patch: patched, createSourcestamp, codebase: of, label, tablabel, debug: _debug, ...given }) => {
  const fields = { branch, revision, repository, project }
  const made = codebaseParameter(of, Object.fromEntries(codebaseFieldNames.flatMap(field => (fields[field] === undefined ? [] : [[field, fields[field]]]))))
  const shown = label ?? made.label
  return withFullNames({ ...made, ...given, name: given.name || of, label: shown, tablabel: tablabel ?? shown, sourcestampFn: createSourcestamp, fields: [...made.fields, ...(patched ? [patched] : [])] })
})

/** One field of a force scheduler's form. */
export const forceField: Reader<ForceParameter> = byKind<ForceParameter>({
  'parameter.text': parameter('text', textual),
  'parameter.textarea': parameter('text', { ...textual, cols: orNull(wholeNumber(1)), rows: orNull(wholeNumber(1)) }, { multiline: true }),
  'parameter.username': parameter('username', { ...textual, needEmail: or(boolean, true) }, { name: 'username', label: 'Your name:' }),
  'parameter.int': parameter('int', { ...common, ...sized, default: asked(anyWholeNumber) }),
  'parameter.bool': parameter('bool', { ...common, default: asked(boolean) }),
  'parameter.fixed': parameter('fixed', { ...words, default: mapped(plainData, (value): MaybeAsked<Json> => ({ value, fn: null })) }, { hide: true }),
  'parameter.file': parameter('file', { ...common, maxsize: orNull(wholeNumber(1)) }),
  'parameter.worker': parameter('worker', { ...common, default: asked(text) }, { name: 'workername', label: 'Worker' }),
  'parameter.choices': choices,
  'parameter.inherit': inherit,
  'parameter.nested': nested,
  'parameter.any': any,
  'parameter.codebase': codebase,
  'parameter.patch': patch,
}, 'a parameter: util.stringParameter(…) and so on')

const namedCodebase = record({ repository: or(text, ''), branch: orNull(text), revision: orNull(text) }, 'a codebase: { repository, branch, revision }')

/** By name with what repository, branch and revision begin with, or as Buildbot's list of names and parameters; not said: one without a name. */
export const forceCodebases: Reader<ForceParameter[]> = (value, at) => {
  if (value === undefined) return [codebaseParameter('')]
  if (!Array.isArray(value)) return Object.entries(mapOf(namedCodebase, 'codebases: a list or a record')(value, at)).map(([of, { repository, branch, revision }]) => codebaseParameter(of, { repository, branch: branch ?? '', revision: revision ?? '' }))
  if (value.length === 0) at.wrong({ expected: "at least one codebase, such as util.codebaseParameter({ codebase: '', hide: true })", found: 'an empty list' })
  return list<ForceParameter>((item, place) => (typeof item === 'string' ? codebaseParameter(item) : ofKind(['codebase'], 'a name of a codebase, or util.codebaseParameter(…)')(item, place)), 'a list of codebases')(value, at)
}

/** Of several fields with one full name one would win in silence. */
export function refuseTwins(fields: readonly ForceParameter[], at: Place): void {
  const names = leavesOf(fields).map(({ fullName }) => fullName)
  const twin = names.find((given, index) => names.indexOf(given) !== index)
  if (twin !== undefined) at.wrong({ expected: 'different names', found: `two fields named '${twin}'`, message: `two parameters named '${twin}'` })
}
