import type { FunctionRef, Json, Renderable } from '@yardmaster/domain'
import { checkInterpolation, isFunctionRef, isInterpolate, isPropertyRef, isSecretRef, lookupsOf } from '@yardmaster/domain'
import { found, isMarked, isRecord, mapOf } from './reader.js'
import type { Place, Reader } from './reader.js'

/** Which plain values may stand where a renderable is expected. */
type Allowed = { expected: string; plain: (value: Json) => boolean; lists?: boolean }

/** A renderable, checked through and through; function addresses and formats stay, call sites go. */
function renderableOf(allowed: Allowed): Reader<Renderable> {
  const read: Reader<Renderable> = (value, at) => {
    if (value === undefined) return at.wrong({ expected: allowed.expected, found: 'nothing' })
    if (isFunctionRef(value)) return { $fn: value.$fn }
    if (isSecretRef(value)) return { $secret: value.$secret }
    if (isRecord(value) && isInterpolate(value)) return interpolation(value, at)
    if (isRecord(value) && isPropertyRef(value)) return property(value, at)
    if (Array.isArray(value) && allowed.lists) return value.map((item, index) => read(item, at.at(index)))
    return allowed.plain(value) ? value : at.wrong({ expected: allowed.expected, found: found(value) })
  }
  return read
}

const isText = (value: Json): boolean => typeof value === 'string'
const isWord = (value: Json): boolean => typeof value === 'string' || typeof value === 'number'

export const renderableText = renderableOf({ expected: 'a text, util.interpolate, util.property, util.secret or a function', plain: isText })
export const environmentValue = renderableOf({ expected: 'a text, null, a list of texts, util.interpolate, util.property, util.secret or a function', plain: value => value === null || isWord(value), lists: true })
export const renderableTexts = renderableOf({ expected: 'a text or a list of texts, or what renders to one', plain: isText, lists: true })
export const renderableData = renderableOf({ expected: 'plain data, util.interpolate, util.property, util.secret or a function', plain: value => !isRecord(value) || !isMarked(value), lists: true })

const words = renderableOf({ expected: 'a command: a list of words, or a text for the shell, or what renders to one', plain: isWord, lists: true })

/** A command line; one that is plainly empty is refused. */
export const command: Reader<Renderable> = (value, at) => {
  const empty = value === '' || (Array.isArray(value) && value.length === 0)
  if (empty) return at.wrong({ expected: 'a command: a list of words, or a text for the shell', found: value === '' ? 'an empty text' : 'an empty list' })
  return words(value, at)
}

/** true, false, or a function that decides. */
export function condition(otherwise: boolean): Reader<boolean | FunctionRef> {
  return (value, at) => {
    if (value === undefined) return otherwise
    if (typeof value === 'boolean') return value
    return isFunctionRef(value) ? { $fn: value.$fn } : at.wrong({ expected: 'true, false or a function', found: found(value) })
  }
}

function interpolation(value: { $interpolate: string; [key: string]: Json }, at: Place): Renderable {
  const format = value.$interpolate
  const kw = isRecord(value['kw']) ? value['kw'] : {}
  for (const problem of checkInterpolation(format)) {
    const message = `interpolation '${format}', character ${problem.position + 1}: ${problem.message}`
    at.note({ expected: 'an interpolation as %(prop:name)s', found: `'${format}'`, message })
  }
  for (const lookup of lookupsOf(format)) {
    if (lookup.selector !== 'kw' || Object.hasOwn(kw, lookup.key)) continue
    const message = `interpolation '${format}' uses %(kw:${lookup.key})s, but util.interpolate is given no '${lookup.key}'`
    at.note({ expected: `a keyword '${lookup.key}'`, found: 'nothing', message })
  }
  const read = value['kw'] === undefined ? {} : mapOf(renderableData, 'keywords: a record')(value['kw'], at.at('kw'))
  return Object.keys(read).length > 0 ? { $interpolate: format, kw: read } : { $interpolate: format }
}

function property(value: { $property: string; [key: string]: Json }, at: Place): Renderable {
  const otherwise = value['default'] === undefined ? {} : { default: renderableData(value['default'], at.at('default')) }
  return { $property: value.$property, ...otherwise, ...(value['defaultWhenFalse'] === false ? { defaultWhenFalse: false } : {}) }
}
