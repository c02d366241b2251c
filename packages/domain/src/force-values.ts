import type { ForceParameter } from './force-config.js'
import { anyWorker } from './force-fields.js'
import { toText } from './interpolate.js'
import type { Json } from './json.js'

type Answer = { value: Json } | { error: string }

/** Buildbot's check: something like an address anywhere in the text. */
const emailAddress = /[a-zA-Z0-9._%+-]+@[a-zA-Z0-9._%-]+.[a-zA-Z]{2,6}/

/** What a field that has a value of its own was given, checked and converted; undefined: it was left out. */
export function forceValue(parameter: ForceParameter, given: Json | undefined): Answer {
  if (parameter.type === 'fixed') return { value: parameter.default }
  if (parameter.type === 'bool') return yesOrNo(parameter, given ?? parameter.default)
  const items = Array.isArray(given) ? given : [given ?? '']
  const filled = items.filter(item => item !== null && (typeof item !== 'string' || item.trim() !== ''))
  if (filled.length > 1 && !parameter.multiple) return { error: `${parameter.label}: expected one value, found ${filled.length}` }
  for (const item of filled) {
    const error = refuse(parameter, item)
    if (error) return { error }
  }
  if (filled.length > 0) return { value: converted(parameter, filled) }
  // Nobody chose, and what would be chosen otherwise is not known.
  if (parameter.problem !== null && (parameter.required || parameter.defaultFn !== null)) return { error: parameter.problem }
  if (parameter.required) return { error: `'${parameter.label}' needs to be specified` }
  return { value: converted(parameter, parameter.multiple && Array.isArray(parameter.default) ? parameter.default : [parameter.default]) }
}

function converted({ type, multiple }: ForceParameter, items: Json[]): Json {
  const values = type === 'int' ? items.map(Number) : items
  return multiple ? values : values[0] ?? null
}

/** A form in the browser sends true, a command line 'true'; Buildbot's clients a list of one. */
function yesOrNo({ label }: ForceParameter, given: Json): Answer {
  const single = Array.isArray(given) && given.length <= 1 ? given[0] ?? false : given
  const value = typeof single === 'string' ? single.trim().toLowerCase() : single
  if (value === true || value === 'true') return { value: true }
  if (value === false || value === 'false' || value === '' || value === null) return { value: false }
  return { error: `${label}: expected true or false, found ${JSON.stringify(given)}` }
}

/** Why this value will not do; undefined: it will. */
function refuse(parameter: ForceParameter, item: Json): string | undefined {
  const { label, regex, maxsize, type } = parameter
  if (typeof item !== 'string' && !(type === 'int' && typeof item === 'number')) return `${label}: expected ${type === 'int' ? 'a whole number' : 'a text'}, found ${JSON.stringify(item)}`
  const text = String(item)
  if (text.includes('\0')) return `${label}: has a NUL character in it`
  if (regex !== null && !new RegExp(`^(?:${regex})`).test(text)) return `${label}:'${text}' does not match pattern '${regex}'`
  if (maxsize !== null && text.length > maxsize) return `${label}: is too large ${text.length} > ${maxsize}`
  if (type === 'int' && !(/^\s*[+-]?\d+\s*$/.test(text) && Number.isSafeInteger(Number(text)))) return `invalid literal for int() with base 10: '${text}'`
  if (type === 'username' && parameter.needEmail && !emailAddress.test(text)) return `${parameter.name}: please fill in email address in the form 'User <email@email.com>'`
  return refuseChoice(parameter, text)
}

function refuseChoice({ type, strict, choices, problem, default: otherwise }: ForceParameter, text: string): string | undefined {
  if (type !== 'choices' && type !== 'worker' && type !== 'inherit') return undefined
  if (!strict || choices.includes(text) || (type === 'worker' && text === anyWorker)) return undefined
  if (problem !== null) return problem
  if ([otherwise].flat().some(item => item !== '' && toText(item) === text)) return undefined
  return `'${text}' does not belong to list of available choices '[${choices.map(choice => `'${choice}'`).join(', ')}]'`
}
