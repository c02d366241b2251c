import type { ForceParameter, ForceScheduler } from './force-config.js'
import { askingFields, codebaseFields, propertyFields } from './force-fields.js'
import { toText } from './interpolate.js'
import type { Json } from './json.js'
import { propertiesFrom } from './properties.js'
import type { Properties } from './properties.js'
import type { SourceStampData } from './source-stamp.js'

export type ForceValues = { [field: string]: Json }

export type ForceOutcome =
  | { ok: true; reason: string; owner: string; priority: number; properties: Properties; sourcestamps: SourceStampData[] }
  /** Message by the full name of the field. */
  | { ok: false; errors: { [field: string]: string } }

type Errors = { [field: string]: string }
type Answer = { value: Json } | { error: string }

/** Buildbot's check: something like an address anywhere in the text. */
const emailAddress = /[a-zA-Z0-9._%+-]+@[a-zA-Z0-9._%-]+.[a-zA-Z]{2,6}/

/**
 * Checks what somebody filled into a force scheduler's form, with all errors at once and in Buildbot's words.
 * `owner` is who signed in; null (nobody did) asks the form's username instead. Fields that the form does not have are ignored.
 */
export function validateForce(scheduler: Pick<ForceScheduler, 'codebases' | 'parameters' | 'reason' | 'properties'>, values: ForceValues, owner: string | null): ForceOutcome {
  const errors: Errors = {}
  const asking = askingFields(scheduler)
  const reason = take(asking.reason, values, errors)
  const username = owner ?? take(asking.username, values, errors)
  const priority = take(asking.priority, values, errors)
  const sourcestamps = codebaseFields(scheduler).map(({ codebase, parameter }) =>
    sourceStampOf(codebase, takeAll(parameter.fields, values, errors), scheduler.codebases[codebase]?.repository ?? ''))
  const given = takeAll(propertyFields(scheduler), values, errors)
  if (Object.keys(errors).length > 0) return { ok: false, errors }

  const properties: Properties = {
    ...propertiesFrom(scheduler.properties, 'Scheduler'),
    ...propertiesFrom({ ...given, reason, owner: username }, 'Force Build Form'),
  }
  const told = scheduler.reason.replaceAll('%(owner)s', () => toText(username)).replaceAll('%(reason)s', () => toText(reason))
  return { ok: true, reason: told, owner: toText(username), priority: Number(priority), properties, sourcestamps }
}

function sourceStampOf(codebase: string, fields: ForceValues, repository: string): SourceStampData {
  const text = (name: string): string => toText(fields[name] ?? null).trim()
  return { codebase, repository: text('repository') || repository, project: text('project'), branch: text('branch') || null, revision: text('revision') || null }
}

function takeAll(parameters: readonly ForceParameter[], values: ForceValues, errors: Errors): ForceValues {
  const taken: ForceValues = {}
  for (const parameter of parameters) {
    if (parameter.type !== 'nested') taken[parameter.name] = take(parameter, values, errors)
    else if (parameter.name === '') Object.assign(taken, takeAll(parameter.fields, values, errors))
    else taken[parameter.name] = takeAll(parameter.fields, values, errors)
  }
  return taken
}

function take(parameter: ForceParameter, values: ForceValues, errors: Errors): Json {
  const given = Object.hasOwn(values, parameter.fullName) ? values[parameter.fullName] : undefined
  const answer = valueOf(parameter, given)
  if ('value' in answer) return answer.value
  errors[parameter.fullName] = answer.error
  return null
}

function valueOf(parameter: ForceParameter, given: Json | undefined): Answer {
  if (parameter.type === 'fixed') return { value: parameter.default }
  if (parameter.type === 'bool') return { value: isYes(given ?? parameter.default) }
  const filled = (Array.isArray(given) ? given : [given ?? '']).filter(item => item !== null && (typeof item !== 'string' || item.trim() !== ''))
  if (filled.length === 0 && parameter.required) return { error: `'${parameter.label}' needs to be specified` }
  const items = filled.length > 0 ? filled : parameter.multiple && Array.isArray(parameter.default) ? parameter.default : [parameter.default]
  for (const item of items) {
    const error = refuse(parameter, item)
    if (error) return { error }
  }
  const converted = parameter.type === 'int' ? items.map(Number) : items
  return { value: parameter.multiple ? converted : converted[0] ?? null }
}

/** A form in the browser sends true, a command line 'true'; Buildbot's clients a list of one. */
function isYes(value: Json): boolean {
  const single = Array.isArray(value) ? value[0] : value
  return single === true || single === 'true'
}

/** Why this value will not do; undefined: it will. */
function refuse(parameter: ForceParameter, item: Json): string | undefined {
  const { label, regex, maxsize, type } = parameter
  const text = typeof item === 'string' ? item : JSON.stringify(item)
  if (regex !== null && !new RegExp(`^(?:${regex})`).test(text)) return `${label}:'${text}' does not match pattern '${regex}'`
  if (maxsize !== null && text.length > maxsize) return `${label}: is too large ${text.length} > ${maxsize}`
  if (type === 'int' && !/^\s*[+-]?\d+\s*$/.test(text)) return `invalid literal for int() with base 10: '${text}'`
  if (type === 'choices' && parameter.strict && !parameter.choices.includes(text) && item !== parameter.default) {
    return `'${text}' does not belong to list of available choices '[${parameter.choices.map(choice => `'${choice}'`).join(', ')}]'`
  }
  if (type === 'username' && (text || parameter.required) && !emailAddress.test(text)) {
    return `${parameter.name}: please fill in email address in the form 'User <email@email.com>'`
  }
  return undefined
}
