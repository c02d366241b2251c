import type { FunctionRef, Json, SecretRef } from '@yardmaster/domain'
import { isFunctionRef, isSecretRef, toText } from '@yardmaster/domain'
import { parseDuration } from '../duration.js'
import { found, isMarked, isRecord, leaf, mapOf, or, orNull } from './reader.js'
import type { Place, Reader } from './reader.js'

export const text = leaf('a text', value => (typeof value === 'string' ? value : undefined))
export const boolean = leaf('true or false', value => (typeof value === 'boolean' ? value : undefined))
export const name = leaf('a name: a text that is not empty, without line breaks, of at most 255 characters', value =>
  typeof value === 'string' && value.trim() === value && value.length > 0 && value.length <= 255 && !/[\p{Cc}]/u.test(value) ? value : undefined)

export const wholeNumber = (least: number): Reader<number> =>
  leaf(`a whole number of at least ${least}`, value => (typeof value === 'number' && Number.isSafeInteger(value) && value >= least ? value : undefined))
export const anyWholeNumber = leaf('a whole number', value => (typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined))

export function oneOf<const T extends string | number | boolean>(...allowed: T[]): Reader<T> {
  return leaf(`one of ${allowed.map(item => (typeof item === 'string' ? `'${item}'` : String(item))).join(', ')}`, value => allowed.find(item => item === value))
}

/** Seconds. */
export const duration = leaf("seconds, or a text like '30s', '10m', '1h'", value => parseDuration(value))
export const durationOrNone = (otherwise: number | null): Reader<number | null> => or(orNull(duration), otherwise)

export const functionRef: Reader<FunctionRef> = leaf('a function', value => (isFunctionRef(value) ? value : undefined))
export const textOrSecret: Reader<string | SecretRef> = leaf('a text or util.secret(name)', value =>
  typeof value === 'string' && value !== '' ? value : isSecretRef(value) ? { $secret: value.$secret } : undefined)

/** Data through and through: no function, no renderable, nothing of the vocabulary. */
export function plainData(value: Json | undefined, at: Place): Json {
  const isOdd = (item: Json): boolean => isRecord(item) && isMarked(item)
  if (value === undefined || isOdd(value)) return at.wrong({ expected: 'plain data: texts, numbers, true, false, null, lists and records of these', found: found(value) })
  if (typeof value !== 'object' || value === null) return value
  const entries: [string | number, Json][] = Array.isArray(value) ? [...value.entries()] : Object.entries(value)
  for (const [key, item] of entries) plainData(item, at.at(key))
  return value
}

/** Properties by name. */
export const properties = mapOf(plainData, 'properties: a record')

export type Pattern = { source: string; flags: string }

/** A RegExp, without the flags that would make it remember where it stopped; or a text, which must be a well-formed one. */
export function pattern(value: Json | undefined, at: Place): Pattern {
  if (isRecord(value) && typeof value['$regex'] === 'string') return { source: value['$regex'], flags: toText(value['flags'] ?? null).replace(/[gy]/g, '') }
  if (typeof value !== 'string') return at.wrong({ expected: 'a regular expression', found: found(value) })
  const problem = patternProblem(value)
  return problem ? at.wrong({ expected: 'a regular expression', found: found(value), message: `'${value}' is no regular expression: ${problem}` }) : { source: value, flags: '' }
}

function patternProblem(source: string): string | undefined {
  try {
    new RegExp(source)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message.replace(/^Invalid regular expression: /, '') : String(error)
  }
}
