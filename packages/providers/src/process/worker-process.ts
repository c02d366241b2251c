import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdir, open, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import type { Json, MachineLabel, WorkerAccess } from '@yardmaster/domain'
import type { Mark } from '@yardmaster/runtime/processes'
import { isCode } from './machine-files.js'

/** Not one of the variables YARD_…, which a worker keeps from its commands: they carry it too. */
export const MARK = 'YARDMASTER_MACHINE'

/** The clone's root: this file runs as packages/providers/dist/process/worker-process.js. */
const PROGRAM = join(import.meta.dirname, '../../../worker/dist/main.js')

/** What a process needs to find its programs and to speak its user's language; nothing that could hold a secret of ours. */
const INHERITED = /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_\w+|TZ|TMPDIR)$/

const MOST_LOG = 1024 * 1024

export const markOf = ({ installation, worker, attempt }: MachineLabel): Mark => ({ name: MARK, value: `${installation}/${attempt}/${encodeURIComponent(worker)}` })

/** null: the mark is of something else. */
export function labelOfMark(value: string): MachineLabel | null {
  const [, installation, attempt, worker] = /^([^/]+)\/(\d+)\/([^/]+)$/.exec(value) ?? []
  return installation === undefined || attempt === undefined || worker === undefined ? null : { installation, worker: decodeURIComponent(worker), attempt: Number(attempt) }
}

function environmentOf(folder: string, { label, worker, env }: WorkerStart): NodeJS.ProcessEnv {
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => INHERITED.test(name)))
  const said = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== null).map(([name, value]) => [name, String(value)]))
  const mark = markOf(label)
  return {
    ...inherited, ...said, [mark.name]: mark.value,
    YARD_ENGINE: worker.engines.join(','), YARD_WORKER_NAME: worker.name, YARD_WORKER_PASSWORD: worker.password, YARD_WORKER_BASEDIR: join(folder, 'worker'),
  }
}

export type WorkerStart = { label: MachineLabel; worker: WorkerAccess; env: { [name: string]: Json } }

/** Starts Yardmaster's worker, which outlives this process, in a process group of its own; resolves to its pid once it runs. */
export async function startWorker(folder: string, start: WorkerStart): Promise<number> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const log = await open(join(folder, 'log.txt'), 'a', 0o600)
  try {
    const child = spawn(process.execPath, ['--enable-source-maps', PROGRAM], { cwd: folder, env: environmentOf(folder, start), detached: true, stdio: ['ignore', log.fd, log.fd] })
    await once(child, 'spawn')
    child.unref()
    return child.pid as number
  } finally {
    await log.close()
  }
}

/** What the worker says is kept to the newest megabyte, and the one before. It appends, so it goes on at the beginning. */
export async function boundLog(folder: string): Promise<void> {
  const path = join(folder, 'log.txt')
  try {
    if ((await stat(path)).size <= MOST_LOG) return
    await copyFile(path, join(folder, 'log.1.txt'))
    await truncate(path)
  } catch (error) {
    if (!isCode(error, 'ENOENT')) throw error
  }
}
