import { accessSync, chmodSync, constants, linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '@yardmaster/runtime'
import { z } from 'zod'
import { identityOf, isAlive, makeFolder, stopProcess } from '../local/index.js'
import { errorCode, messageOf, Problem } from '../problem.js'

const Identity = z.object({ pid: z.number(), startedAt: z.string() })
const Ports = z.object({ postgres: z.number().nullable(), nats: z.number().nullable() })
const Child = Identity.extend({ name: z.string(), stopSignal: z.enum(['SIGTERM', 'SIGINT']) })
export type ChildRecord = z.output<typeof Child>
export type Ports = z.output<typeof Ports>

/** Makes the folder and sees that it can be written. Throws a {@link Problem}. */
function openFolder(home: string): void {
  try {
    makeFolder(home)
    accessSync(home, constants.W_OK | constants.X_OK)
    // As root, PostgreSQL runs as another user, who has to pass through.
    chmodSync(home, process.getuid?.() === 0 ? 0o711 : 0o700)
  } catch (error) {
    throw new Problem(`the state folder ${home} cannot be written (${errorCode(error) ?? messageOf(error)}): choose another with --home or YARD_HOME`, { cause: error })
  }
}

function readRecord<T>(file: string, schema: z.ZodType<T>): T | null {
  try {
    return schema.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch (error) {
    // Cut off by a crash counts as absent: it only says what would have been found sooner.
    if (errorCode(error) === 'ENOENT' || error instanceof SyntaxError || error instanceof z.ZodError) return null
    throw error
  }
}

function writeRecord(file: string, record: unknown): void {
  writeFileSync(`${file}.new`, JSON.stringify(record), { mode: 0o600 })
  renameSync(`${file}.new`, file)
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to)
    return true
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false
    throw error
  }
}

/**
 * Takes `lock` for this process, or throws a {@link Problem} that names its living holder. A lock whose holder is dead is moved
 * away by a rename, which one of several takers wins; one that moved a living lock by mistake puts it back.
 */
function takeLock(home: string, lock: string): void {
  const mine = `${lock}.${process.pid}`
  const moved = `${mine}.stale`
  writeRecord(mine, identityOf(process.pid))
  try {
    while (!tryLink(mine, lock)) {
      const holder = readRecord(lock, Identity)
      if (holder !== null && isAlive(holder)) throw new Problem(`Yardmaster is already running on ${home} (process ${holder.pid}): stop it, or use another state folder with --home or YARD_HOME`)
      try {
        renameSync(lock, moved)
      } catch (error) {
        if (errorCode(error) === 'ENOENT') continue
        throw error
      }
      const removed = readRecord(moved, Identity)
      if (removed !== null && isAlive(removed)) tryLink(moved, lock)
    }
  } finally {
    rmSync(mine, { force: true })
    rmSync(moved, { force: true })
  }
}

/** The state folder while this process holds it: nobody else's `yard up` can. */
export class StateFolder {
  readonly #children: ChildRecord[]
  readonly #files: { lock: string; children: string; ports: string }

  private constructor(readonly path: string) {
    this.#files = { lock: join(path, 'lock'), children: join(path, 'processes.json'), ports: join(path, 'ports.json') }
    takeLock(path, this.#files.lock)
    this.#children = readRecord(this.#files.children, z.array(Child)) ?? []
  }

  /** Throws a {@link Problem} when the folder cannot be written or another `yard up` holds it. */
  static take(path: string): StateFolder {
    openFolder(path)
    return new StateFolder(path)
  }

  /** The ports of the last run, to be used again. */
  ports(): Ports {
    return readRecord(this.#files.ports, Ports) ?? { postgres: null, nats: null }
  }

  keepPorts(ports: Partial<Ports>): void {
    writeRecord(this.#files.ports, { ...this.ports(), ...ports })
  }

  /** Remembers a child process, so that a start after our sudden death finds it. */
  recordChild(child: ChildRecord): void {
    const stillThere = this.#children.filter(isAlive)
    this.#children.splice(0, Infinity, ...stillThere, child)
    writeRecord(this.#files.children, this.#children)
  }

  /** Children of an earlier `yard up` that was killed, the last started first. */
  leftovers(): ChildRecord[] {
    return this.#children.filter(isAlive).reverse()
  }

  /** Stops them one after the other, as an orderly stop would have. */
  async stopLeftovers(clock: Clock): Promise<void> {
    for (const { pid, startedAt, stopSignal } of this.leftovers()) await stopProcess({ pid, startedAt }, { clock, signal: stopSignal, withinMs: 15_000 })
  }

  release(): void {
    writeRecord(this.#files.children, [])
    rmSync(this.#files.lock, { force: true })
  }
}
