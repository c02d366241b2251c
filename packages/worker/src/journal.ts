import { createHash } from 'node:crypto'
import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ProcessIdentity } from '@yardmaster/runtime/processes'

/** What an earlier worker process left: a command that it started, and the process it became, if it came that far. */
export type Leftover = { command: string; process: ProcessIdentity | null }

/**
 * The memory of this worker on disk: `<hash>.started` for each command that it holds, and `<hash>.unsent/<seq>` for messages that found no
 * room in memory. A command's file exists before its process does, so that a worker process that died can be cleaned up after.
 *
 * Written without fsync: it must outlive the worker process, and what it speaks of does not outlive the machine either.
 * Written synchronously: a command must not start before its file is there, and the files are small and few.
 */
export class Journal {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
    mkdirSync(folder, { recursive: true, mode: 0o700 })
  }

  /** To be called before the command does anything. */
  begin(command: string): void {
    writeFileSync(this.#file(command, 'started'), `${JSON.stringify({ command })}\n`, { mode: 0o600 })
  }

  spawned(command: string, process: ProcessIdentity): void {
    appendFileSync(this.#file(command, 'started'), `${JSON.stringify({ process })}\n`)
  }

  /** What cannot be removed is removed by a later process: it only says too much. */
  remove(command: string): void {
    rmSync(this.#file(command, 'unsent'), { recursive: true, force: true })
    rmSync(this.#file(command, 'started'), { force: true })
  }

  keep(command: string, seq: number, bytes: Uint8Array): void {
    const folder = this.#file(command, 'unsent')
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    writeFileSync(join(folder, String(seq)), bytes, { mode: 0o600 })
  }

  read(command: string, seq: number): Buffer {
    return readFileSync(join(this.#file(command, 'unsent'), String(seq)))
  }

  drop(command: string, seq: number): void {
    rmSync(join(this.#file(command, 'unsent'), String(seq)), { force: true })
  }

  /** Every command in the journal: at the start of the program, all are an earlier process's. Their kept messages are deleted. */
  leftovers(): Leftover[] {
    const names = readdirSync(this.#folder)
    for (const name of names.filter(name => name.endsWith('.unsent'))) rmSync(join(this.#folder, name), { recursive: true, force: true })
    return names.filter(name => name.endsWith('.started')).flatMap(name => {
      const leftover = parseLeftover(readFileSync(join(this.#folder, name), 'utf8'))
      // Cut off while it was written: its process had not been started yet.
      if (leftover === null) rmSync(join(this.#folder, name), { force: true })
      return leftover ?? []
    })
  }

  #file(command: string, ending: 'started' | 'unsent'): string {
    return join(this.#folder, `${createHash('sha256').update(command).digest('hex').slice(0, 32)}.${ending}`)
  }
}

function parseLeftover(text: string): Leftover | null {
  const [first, second] = text.split('\n').map(line => parseLine(line))
  const command = first?.['command']
  if (typeof command !== 'string') return null
  const found = second?.['process'] as Partial<ProcessIdentity> | undefined
  const whole = typeof found?.pid === 'number' && typeof found.startTicks === 'string' && typeof found.boot === 'string'
  return { command, process: whole ? (found as ProcessIdentity) : null }
}

function parseLine(line: string): Record<string, unknown> | null {
  try {
    return JSON.parse(line) as Record<string, unknown>
  } catch {
    return null
  }
}
