import { originalPositionFor, sourceContentFor, TraceMap } from '@jridgewell/trace-mapping'
import { bundleName } from '../thread/messages.js'

/** A place in a user's file: the file relative to the configuration's folder, line and column from 1. */
export type Position = { file: string; line: number; column: number }

/** Finds places of a bundle in the files that it was made of. */
export class SourcePositions {
  private map: TraceMap | undefined

  constructor(private readonly code: string) {}

  at(line: number, column: number): Position | undefined {
    const { source, line: foundLine, column: foundColumn } = originalPositionFor(this.traceMap(), { line, column: column - 1 })
    if (source === null || source.startsWith('yardmaster:')) return undefined
    return { file: source, line: foundLine, column: foundColumn + 1 }
  }

  /** The user's own files (not those of packages) with their text. */
  sources(): { file: string; text: string }[] {
    const map = this.traceMap()
    return map.sources.flatMap(source => {
      const text = source && !source.includes('node_modules/') && !source.startsWith('yardmaster:') ? sourceContentFor(map, source) : null
      return source && text ? [{ file: source, text }] : []
    })
  }

  /** The first place of the user's files in a stack. */
  first(stack: string): Position | undefined {
    for (const [, line, column] of stack.matchAll(framePlace)) {
      const position = this.at(Number(line), Number(column))
      if (position) return position
    }
    return undefined
  }

  /** The stack with places of the user's files instead of the bundle's; frames of our own are left out. */
  stack(stack: string): string {
    return stack.split('\n').flatMap(line => {
      const frame = [...line.matchAll(framePlace)][0]
      if (!frame) return /^\s+at /.test(line) ? [] : [line]
      const position = this.at(Number(frame[1]), Number(frame[2]))
      return position ? [line.replace(/\(?(?:file:\/\/)?[^\s(]*:\d+:\d+\)?/, `(${position.file}:${position.line}:${position.column})`)] : []
    }).join('\n')
  }

  private traceMap(): TraceMap {
    return (this.map ??= new TraceMap(inlineMap(this.code)))
  }
}

const framePlace = new RegExp(`${bundleName.replaceAll('.', '\\.')}:(\\d+):(\\d+)`, 'g')

function inlineMap(code: string): string {
  const encoded = /\/\/# sourceMappingURL=data:application\/json;base64,([A-Za-z0-9+/=]+)\s*$/.exec(code)?.[1]
  return encoded ? Buffer.from(encoded, 'base64').toString('utf8') : '{"version":3,"sources":[],"names":[],"mappings":""}'
}
