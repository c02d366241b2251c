import type { Json } from '@yardmaster/domain'
import { isRecord } from '../read/reader.js'
import type { Described, Finding, Path } from '../read/reader.js'
import type { Position, SourcePositions } from './source-positions.js'

type Source = { file: string; text: string }

/**
 * Where in the user's files a finding is. Known exactly are the calls of the vocabulary. What is inside of a call, or in a plain record
 * such as a builder, is looked for as a word: after the last known place before it in the same file, or else anywhere, if it is in one place only.
 */
export function locate(finding: Finding, tree: Json, positions: SourcePositions): Position | undefined {
  const sources = positions.sources()
  const anchor = anchorOf(finding.path, tree, { positions, sources })
  const words = finding.found === 'nothing' ? [] : wordsOf(finding)
  for (const word of words) {
    const places = occurrences(word, sources)
    const after = places.find(place => anchor !== undefined && place.file === anchor.file && isAtOrAfter(place, anchor))
    const place = after ?? (places.length === 1 ? places[0] : undefined)
    if (place) return place
  }
  return anchor ?? firstCallBelow(valueAt(finding.path.slice(0, 2), tree), positions) ?? siteOf(tree, positions)
}

const isAtOrAfter = (place: Position, anchor: Position): boolean => place.line > anchor.line || (place.line === anchor.line && place.column >= anchor.column)

/** As JavaScript writes them: a text at its key, a text, a key. The place of a match is that of its last group. */
function wordsOf({ path, found }: Finding): RegExp[] {
  const literal = /^'(.*)'$/s.exec(found)?.[1]
  const key = path.at(-1)
  const word = typeof key === 'string' ? `(?<![\\w$.])(['"]?)${escape(key)}\\1` : undefined
  const text = literal === undefined ? undefined : `(['"\`]${escape(literal)}['"\`])`
  return [
    ...(word && text ? [new RegExp(`${word}\\s*:\\s*${text}`, 'dg')] : []),
    ...(text ? [new RegExp(text, 'dg')] : []),
    ...(word ? [new RegExp(`(?=${word}\\s*[:,(}])()`, 'dg')] : []),
  ]
}

const escape = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')

function occurrences(word: RegExp, sources: Source[]): Position[] {
  return sources.flatMap(({ file, text }) => [...text.matchAll(word)].map(match => {
    const before = text.slice(0, match.indices?.at(-1)?.[0] ?? match.index).split('\n')
    return { file, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }
  }))
}

function valueAt(path: Path, tree: Json): Json | undefined {
  let value: Json | undefined = tree
  for (const key of path) value = Array.isArray(value) ? value[Number(key)] : isRecord(value) ? value[String(key)] : undefined
  return value
}

/** The last known place before the finding: the call that it is in, a call before it in the same list, or the name of its builder. */
function anchorOf(path: Path, tree: Json, { positions, sources }: { positions: SourcePositions; sources: Source[] }): Position | undefined {
  for (let depth = path.length; depth > 0; depth--) {
    const own = siteOf(valueAt(path.slice(0, depth), tree), positions)
    if (own) return own
    const index = path[depth - 1]
    for (let before = Number(index) - 1; before >= 0; before--) {
      const sibling = siteOf(valueAt([...path.slice(0, depth - 1), before], tree), positions)
      if (sibling) return sibling
    }
  }
  return path.length > 1 ? placeOfName(path, tree, sources) : siteOf(tree, positions)
}

function siteOf(value: Json | undefined, positions: SourcePositions): Position | undefined {
  const site = isRecord(value) ? value['$site'] : undefined
  return Array.isArray(site) ? positions.at(Number(site[0]), Number(site[1])) : undefined
}

/** Where the name of a plain record in a list is written; of several with that name, the one in the same order. */
function placeOfName([list, index]: Path, tree: Json, sources: Source[]): Position | undefined {
  const items = valueAt(list === undefined ? [] : [list], tree)
  const named = Array.isArray(items) ? items.map(item => (isRecord(item) ? nameOf(item) : undefined)) : []
  const name = named[Number(index)]
  if (name === undefined) return undefined
  const places = occurrences(new RegExp(`(?<![\\w$.])(name)\\s*:\\s*(?=['"\`]${escape(name)}['"\`])`, 'dg'), sources)
  const same = named.filter(other => other === name).length
  return places.length === same ? places[named.slice(0, Number(index)).filter(other => other === name).length] : undefined
}

const nameOf = (item: Described): string | undefined => (typeof item['name'] === 'string' ? item['name'] : undefined)

function firstCallBelow(value: Json | undefined, positions: SourcePositions): Position | undefined {
  const own = siteOf(value, positions)
  if (own || typeof value !== 'object' || value === null) return own
  for (const item of Object.values(value)) {
    const position = firstCallBelow(item, positions)
    if (position) return position
  }
  return undefined
}
