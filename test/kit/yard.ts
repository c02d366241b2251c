import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { holdsWithin } from '@yardmaster/cli/local'
import { systemClock, systemRandom } from '@yardmaster/runtime'
import { testPort } from './ports.js'

const clock = systemClock()
const random = systemRandom()
const program = join(import.meta.dirname, '../../packages/cli/dist/main.js')

export type Finished = { code: number | null; stdout: string; stderr: string }

/** `yard` in one folder with one state folder: every process that it starts carries a mark by which it is found again. */
export type Yard = {
  url: string
  port: number
  home: string
  /** Runs a command to its end. */
  run(...args: string[]): Promise<Finished>
  /** Starts `yard up` and resolves when it says that it is ready; throws with its output when it ends instead. */
  up(...args: string[]): Promise<RunningUp>
  /** Command lines of all processes that descend from this yard and still live. */
  processes(): string[]
}

export type RunningUp = {
  pid: number
  output(): string
  /** Resolves when the output holds the text. */
  says(text: string, withinMs?: number): Promise<void>
  /** Sends the signal and resolves with the exit code. */
  end(signal?: NodeJS.Signals): Promise<number | null>
}

export type YardOptions = { folder: string; home?: string; env?: NodeJS.ProcessEnv }

function markedProcesses(mark: string): string[] {
  return readdirSync('/proc').filter(name => /^\d+$/.test(name)).flatMap(pid => {
    try {
      if (!readFileSync(`/proc/${pid}/environ`, 'latin1').includes(mark)) return []
      return [`${pid} ${readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ')}`]
    } catch {
      return []
    }
  })
}

const RUN_MS = 120_000

async function collect(child: ChildProcess): Promise<Finished> {
  const cancel = clock.setTimeout(() => child.kill('SIGKILL'), RUN_MS)
  let stdout = ''
  let stderr = ''
  child.stdout?.on('data', chunk => { stdout += chunk })
  child.stderr?.on('data', chunk => { stderr += chunk })
  const [code, signal] = await once(child, 'close')
  cancel()
  if (signal === 'SIGKILL') throw new Error(`${child.spawnargs.slice(2).join(' ')} did not end within ${RUN_MS} ms:\n${stdout}\n${stderr}`)
  return { code, stdout, stderr }
}

async function runningUp(child: ChildProcess): Promise<RunningUp> {
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', chunk => { output += chunk })
  const ended = once(child, 'exit')
  const says = async (text: string, withinMs = 120_000) => {
    const said = await holdsWithin(clock, withinMs, () => output.includes(text) || child.exitCode !== null || child.signalCode !== null)
    if (!said || !output.includes(text)) throw new Error(`yard up did not say ${JSON.stringify(text)}:\n${output}`)
  }
  const end = async (signal: NodeJS.Signals = 'SIGTERM') => {
    child.kill(signal)
    const cancel = clock.setTimeout(() => child.kill('SIGKILL'), RUN_MS)
    await ended
    cancel()
    return child.exitCode
  }
  await says('Yardmaster is ready: ').catch(async error => {
    await end()
    throw error
  })
  return { pid: child.pid ?? 0, output: () => output, says, end }
}

/** A `yard` on free ports; several can live side by side. */
export async function yardIn({ folder, home = join(folder, '.yard'), env = {} }: YardOptions): Promise<Yard> {
  const mark = `YARDMASTER_TEST=${random.uuid()}`
  const port = await testPort()
  const [markName = '', markValue] = mark.split('=')
  const environment = {
    ...process.env, DATABASE_URL: '', NATS_URL: '', REDIS_URL: '', NO_COLOR: '1',
    YARD_HOME: home, YARD_PORT: String(port), YARD_WORKER_PORT: String(await testPort()), [markName]: markValue, ...env,
  }
  const start = (args: string[]) => spawn(process.execPath, [program, ...args], { cwd: folder, env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    home,
    run: (...args) => collect(start(args)),
    up: (...args) => runningUp(start(['up', ...args])),
    processes: () => markedProcesses(mark),
  }
}
