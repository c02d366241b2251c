import type { Json } from '@yardmaster/domain'
import { isRecord } from '../read/reader.js'
import type { Finding, Path } from '../read/reader.js'
import type { Position, SourcePositions } from './source-positions.js'

/**
 * Where in the user's files a finding is. Known exactly are the calls of the vocabulary; inside a call, and for plain records such as
 * builders, the word that the finding is about is looked for: after the call in its file, or anywhere if it stands in one place only.
 */
export function locate(finding: Finding, tree: Json, positions: SourcePositions): Position | undefined {
  const call = nearestCall(finding.path, tree, positions)
  const sources = positions.sources()
  const inCall = call?.exact ? sources.filter(source => source.file === call.position.file) : sources
  for (const word of wordsOf(finding)) {
    const places = inCall.flatMap(({ file, text }) => occurrences(word, text).map(place => ({ file, ...place })))
    const after = call?.exact ? places.filter(place => place.line > call.position.line || (place.line === call.position.line && place.column >= call.position.column)) : places
    const place = call?.exact || after.length === 1 ? after[0] : undefined
    if (place) return { file: place.file, line: place.line, column: place.column }
  }
  const inside = call?.exact ? undefined : firstCallBelow(valueAt(finding.path.slice(0, 2), tree), positions)
  return (call?.exact ? call.position : owner(finding.path, tree, sources)) ?? inside ?? call?.position
}

/** As JavaScript writes them: a key of a record, or a text. */
function wordsOf(finding: Finding): RegExp[] {
  const literal = /^'(.*)'$/s.exec(finding.found)?.[1]
  const key = finding.path.at(-1)
  return [
    ...(literal === undefined ? [] : [new RegExp(`(['"\`])${escape(literal)}\\1`, 'g')]),
    ...(typeof key === 'string' ? [new RegExp(`(?<![\\w$.])(['"]?)${escape(key)}\\1(?=\\s*[:,(}])`, 'g')] : []),
  ]
}

const escape = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')

function occurrences(word: RegExp, text: string): { line: number; column: number }[] {
  return [...text.matchAll(word)].map(({ index }) => {
    const before = text.slice(0, index).split('\n')
    return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }
  })
}

function valueAt(path: Path, tree: Json): Json | undefined {
  let value: Json | undefined = tree
  for (const key of path) value = Array.isArray(value) ? value[Number(key)] : isRecord(value) ? value[String(key)] : undefined
  return value
}

/** The innermost call that the finding is in; not exact when that is only defineConfig. */
function nearestCall(path: Path, tree: Json, positions: SourcePositions): { position: Position; exact: boolean } | undefined {
  for (let depth = path.length; depth >= 0; depth--) {
    const position = siteOf(valueAt(path.slice(0, depth), tree), positions)
    if (position) return { position, exact: depth > 0 }
  }
  return undefined
}

function siteOf(value: Json | undefined, positions: SourcePositions): Position | undefined {
  const site = isRecord(value) ? value['$site'] : undefined
  return Array.isArray(site) ? positions.at(Number(site[0]), Number(site[1])) : undefined
}

/** A plain record such as a builder stands where its name does, if that is in one place only. */
function owner(path: Path, tree: Json, sources: { file: string; text: string }[]): Position | undefined {
  const item = valueAt(path.slice(0, 2), tree)
  const name = isRecord(item) ? item['name'] : undefined
  if (typeof name !== 'string') return undefined
  const word = new RegExp(`(?<![\\w$.])name:\\s*(['"\`])${escape(name)}\\1`, 'g')
  const places = sources.flatMap(({ file, text }) => occurrences(word, text).map(place => ({ file, ...place })))
  return places.length === 1 ? places[0] : undefined
}

function firstCallBelow(value: Json | undefined, positions: SourcePositions): Position | undefined {
  const own = siteOf(value, positions)
  if (own || typeof value !== 'object' || value === null) return own
  for (const item of Object.values(value)) {
    const position = firstCallBelow(item, positions)
    if (position) return position
  }
  return undefined
}
