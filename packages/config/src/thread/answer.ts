import type { Json } from '@yardmaster/domain'
import { isRenderable } from '../vocabulary/declare.js'
import type { Thrown } from './messages.js'

const reserved = ['$fn', '$interpolate', '$property', '$secret', '$lock']

/**
 * What a user's function returned or passed on, as data. Renderables made by `util` stay renderables; anything else that has one of their
 * keys is refused, because it could be a property's value by which somebody who forces a build asks for a secret.
 * Throws when it is no data; `what` names it in the message.
 */
export function answer(value: unknown, what: string): Json {
  if (value === undefined || value === null) return null
  if (typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number' && Number.isFinite(value)) return value
  if (Array.isArray(value)) return value.map(item => answer(item, what))
  if (typeof value !== 'object') throw new Error(`${what}: expected data, found ${typeof value === 'number' ? String(value) : `a ${typeof value}`}`)
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== null && prototype !== Object.prototype) throw new Error(`${what}: expected data, found a ${value.constructor.name}`)
  const bad = isRenderable(value) ? undefined : reserved.find(key => Object.hasOwn(value, key))
  if (bad) throw new Error(`${what}: the key '${bad}' is reserved; make renderables with util`)
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined).map(([key, item]) => [key, answer(item, what)]))
}

/** Data without renderables in it. */
export function data(value: unknown, what: string): Json {
  const plain = answer(value, what)
  const found = JSON.stringify(plain) ?? 'null'
  if (reserved.some(key => found.includes(`"${key}":`))) throw new Error(`${what}: expected plain data, found something made with util`)
  return plain
}

/** Of a failure, what more than its words leaves the thread. */
const told = ['failureClass', 'code', 'mayHaveHappened', 'retryAfterMs', 'outcome', 'limited']

export function thrown(error: unknown): Thrown {
  if (!(error instanceof Error)) return { message: String(error), stack: '' }
  const failure = Object.fromEntries(Object.entries(error).filter((entry): entry is [string, string | number | boolean] => told.includes(entry[0]) && ['string', 'number', 'boolean'].includes(typeof entry[1])))
  return { message: `${error.name}: ${error.message}`, stack: error.stack ?? '', ...(Object.keys(failure).length > 0 ? { failure } : {}) }
}
