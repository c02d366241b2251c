import type { Json } from '@yardmaster/domain'
import { ApiError, invalid } from './api-error.js'
import type { Label, YesNo } from './world.js'

/** The attributes of a request's body, each refused by a code of its own when it is not right. */
export type Fields = { [name: string]: Json }

const isFields = (value: Json | undefined): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value)

const codeOf = (name: string) => name.toUpperCase().replaceAll('-', '_')

export const attributeInvalid = (name: string, detail = '') => invalid(`${codeOf(name)}_INVALID`, `The attribute '${name}' has an invalid value.${detail && ` ${detail}`}`)
export const attributeMissing = (name: string) => invalid(`${codeOf(name)}_MISSING`, `The required attribute '${name}' is missing from the request.`)

/** What is in the body's one wrapper, such as {"server": {…}}. Throws ApiError when it is another one. */
export function unwrap(body: Json | undefined, wrapper: string, known: readonly string[]): Fields {
  if (!isFields(body)) throw attributeMissing(wrapper)
  const stranger = Object.keys(body).find(key => key !== wrapper)
  if (stranger !== undefined) throw invalid('UNKNOWN_ATTRIBUTE', `The attribute '${stranger}' is unknown.`)
  const fields = body[wrapper]
  if (!isFields(fields)) throw attributeMissing(wrapper)
  return onlyKnown(fields, known)
}

export function onlyKnown(fields: Fields, known: readonly string[]): Fields {
  const stranger = Object.keys(fields).find(key => !known.includes(key))
  if (stranger !== undefined) throw invalid('UNKNOWN_ATTRIBUTE', `The attribute '${stranger}' is unknown.`)
  return fields
}

export function object(fields: Fields, name: string): Fields | undefined {
  const value = fields[name]
  if (value === undefined || value === null) return undefined
  if (!isFields(value)) throw attributeInvalid(name)
  return value
}

/** The list in {"interfaces": {"interface": [...]}}: `fields` has `name`, which has `item`. */
export function wrappedList(fields: Fields, name: string, item: string): Json[] | undefined {
  const wrapper = object(fields, name)
  if (wrapper === undefined) return undefined
  const list = wrapper[item] ?? []
  if (!Array.isArray(list)) throw attributeInvalid(name)
  return list
}

export function fieldsOf(value: Json, name: string): Fields {
  if (!isFields(value)) throw attributeInvalid(name)
  return value
}

export function text(fields: Fields, name: string): string | undefined {
  const value = fields[name]
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'string') throw attributeInvalid(name)
  return value
}

export function requiredText(fields: Fields, name: string, limit = 255): string {
  const value = text(fields, name)
  if (value === undefined) throw attributeMissing(name)
  if (value.length === 0 || value.length > limit) throw attributeInvalid(name)
  return value
}

export function oneOf<T extends string>(fields: Fields, name: string, allowed: readonly T[]): T | undefined {
  const value = text(fields, name)
  if (value === undefined) return undefined
  const found = allowed.find(one => one === value)
  if (found === undefined) throw attributeInvalid(name)
  return found
}

export const yesNo = (fields: Fields, name: string): YesNo | undefined => oneOf<YesNo>(fields, name, ['yes', 'no'])

/** Numbers come as numbers or as strings. */
export function integer(fields: Fields, name: string, range: { min?: number; max?: number } = {}): number | undefined {
  const value = fields[name]
  if (value === undefined || value === null) return undefined
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value
  if (typeof number !== 'number' || !Number.isInteger(number) || number < (range.min ?? 0) || number > (range.max ?? Number.MAX_SAFE_INTEGER)) throw attributeInvalid(name)
  return number
}

function label(value: Json): Label {
  const fields = onlyKnown(fieldsOf(value, 'labels'), ['key', 'value'])
  const key = text(fields, 'key') ?? ''
  const labelValue = text(fields, 'value') ?? ''
  if (!/^[\x20-\x7e]{2,32}$/.test(key) || key.startsWith('_')) throw invalid('INVALID_LABEL_KEY', `The label key '${key}' is invalid: it must have 2 to 32 printable ASCII characters and must not begin with an underscore.`)
  if (labelValue.length > 255) throw invalid('INVALID_LABEL_VALUE', `The value of the label '${key}' is longer than 255 characters.`)
  return { key, value: labelValue }
}

/** Labels of servers come wrapped, {"label": [...]}, those of storages and networks as a bare array. */
export function labels(fields: Fields, form: 'wrapped' | 'bare'): Label[] | undefined {
  if (fields['labels'] === undefined || fields['labels'] === null) return undefined
  const list = form === 'wrapped' ? wrappedList(fields, 'labels', 'label') : fields['labels']
  if (!Array.isArray(list)) throw attributeInvalid('labels')
  const all = list.map(label)
  const twice = all.find(({ key }, index) => all.findIndex(one => one.key === key) !== index)
  if (twice) throw new ApiError(400, 'DUPLICATE_LABEL_KEYS', `The label key '${twice.key}' is given more than once.`)
  return all
}

/** `?label=key` and `?label=key=value`, each of which must be met. */
export function meetsLabels(has: readonly Label[], wanted: readonly string[]): boolean {
  return wanted.every(filter => {
    const [key = '', ...rest] = filter.split('=')
    return has.some(one => one.key === key && (rest.length === 0 || one.value === rest.join('=')))
  })
}
