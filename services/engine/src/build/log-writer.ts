import type { Fact, LogRef } from '@yardmaster/db'

/** One log of a step: knows its next line, so that every append is a fact of its own. */
export class LogWriter {
  readonly ref: LogRef
  readonly name: string
  readonly type: 's' | 't'
  #lines: number
  #opened: boolean
  #finished: boolean

  constructor(log: { ref: LogRef; name: string; numLines: number; opened: boolean; finished: boolean }) {
    this.ref = log.ref
    this.name = log.name
    this.type = log.name === 'stdio' ? 's' : 't'
    this.#lines = log.numLines
    this.#opened = log.opened
    this.#finished = log.finished
  }

  get lines(): number {
    return this.#lines
  }

  /** Nothing when it is open already. */
  open(): Fact[] {
    if (this.#opened) return []
    this.#opened = true
    return [{ kind: 'log-opened', log: this.ref, name: this.name, type: this.type }]
  }

  append(lines: number, content: Uint8Array): Fact {
    const fact: Fact = { kind: 'log-appended', log: this.ref, firstLine: this.#lines, lines, content }
    this.#lines += lines
    return fact
  }

  finish(): Fact[] {
    if (this.#finished || !this.#opened) return []
    this.#finished = true
    return [{ kind: 'log-finished', log: this.ref }]
  }
}

/** Buildbot's slug: the name as an identifier of at most 50 characters. */
export function logSlug(name: string, taken: ReadonlySet<string>): string {
  const base = name.replaceAll(/[^A-Za-z0-9_-]/g, '_').replace(/^(?=[0-9-])/, '_').slice(0, 50) || '_'
  for (let n = 2, slug = base; ; n++) {
    if (!taken.has(slug)) return slug
    slug = `${base.slice(0, 46)}_${n}`
  }
}
