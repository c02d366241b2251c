import type { Json } from '@yardmaster/domain'
import { isDeclared, isRenderable, stackOf } from '../vocabulary/declare.js'
import { bundleName } from './messages.js'

/** Any function of the user's: what it takes is known where it is called. */
export type UserFunction = (...args: never[]) => unknown

export const isFunction = (value: unknown): value is UserFunction => typeof value === 'function'

/** Line and column (from 1) of the first frame in the user's code. */
export function placeInBundle(stack: string | undefined): [line: number, column: number] | undefined {
  const frame = stack?.match(new RegExp(`${bundleName.replaceAll('.', '\\.')}:(\\d+):(\\d+)`))
  return frame ? [Number(frame[1]), Number(frame[2])] : undefined
}

/** Keys of a record as a path names them: names may contain dots. */
export const segment = (key: string): string => key.replace(/[%.]/g, character => encodeURIComponent(character).replace('.', '%2E'))

/**
 * What the user's code says as data that can leave the thread: a function becomes { $fn: path } and is kept in `functions`,
 * a regular expression { $regex }, a call of the vocabulary { $kind, $site, …options }, and what is no data at all { $odd: its kind }.
 */
export class Plain {
  readonly functions = new Map<string, UserFunction>()
  private readonly open = new Set<object>()

  of(value: unknown, path: string): Json {
    if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
    if (typeof value === 'number') return Number.isFinite(value) ? value : { $odd: String(value) }
    if (isFunction(value)) return this.functionAt(value, path)
    if (typeof value !== 'object') return { $odd: typeof value }
    if (this.open.has(value)) return { $odd: 'a record that contains itself' }
    this.open.add(value)
    const plain = this.ofObject(value, path)
    this.open.delete(value)
    return plain
  }

  private ofObject(value: object, path: string): Json {
    if (Array.isArray(value)) return value.map((item: unknown, index) => this.of(item, `${path}.${index}`))
    if (value instanceof RegExp) return { $regex: value.source, flags: value.flags }
    const site = this.site(value)
    if (isDeclared(value)) {
      const options = value.options
      if (typeof options !== 'object' || options === null) return { $kind: value.kind, ...site, $options: this.of(options, path) }
      return { $kind: value.kind, ...site, ...this.entries(options, path) }
    }
    if (!isRecord(value)) return { $odd: `a ${value.constructor?.name || 'record'}` }
    return { ...this.entries(value, path), ...(isRenderable(value) ? site : {}) }
  }

  /** undefined is the same as not said. */
  entries(value: object, path: string): { [key: string]: Json } {
    const said = Object.entries(value).filter(([, item]) => item !== undefined)
    return Object.fromEntries(said.map(([key, item]) => [key, this.of(item, `${path}.${segment(key)}`)]))
  }

  functionAt(value: UserFunction, path: string): Json {
    this.functions.set(path, value)
    return { $fn: path }
  }

  /** Where in the bundle it was declared, if it was. */
  site(value: object): { $site?: number[] } {
    const place = placeInBundle(stackOf(value))
    return place ? { $site: place } : {}
  }
}

function isRecord(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}
