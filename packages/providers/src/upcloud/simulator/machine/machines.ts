import { spawn, type ChildProcess } from 'node:child_process'
import { appendFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '@yardmaster/runtime'
import { killMarked, processesByMark } from './marked-processes.js'
import { findSandbox, type Sandbox } from './sandbox.js'
import { writeShims } from './shims.js'
import { readUserData, type UserData } from './user-data.js'

export type BootOrder = { uuid: string; hostname: string; userData: string; image: string; firstBoot: boolean }

export type Machines = {
  /** Whether machines have files and process ids of their own on this host. */
  isolated: boolean
  boot(order: BootOrder): void
  /** Pulls the plug: every process of the machine ends. */
  end(uuid: string): void
  /** Takes away its files. */
  forget(uuid: string): void
  /** What it printed last, of all its boots. */
  output(uuid: string): string
  /** Processes that run now, by machine. */
  processes(): Map<string, number[]>
  running(): string[]
  /** Resolves when no process of any machine is left. */
  close(): Promise<void>
}

type Running = { order: BootOrder; child: ChildProcess; ended: Promise<void>; pulled: boolean }

/** Characters of output that are kept per machine. */
const mostOutput = 64 * 1024
/** Of so many machines, the last ones, it is kept when they are gone. */
const mostOutputs = 200

/** In the environment of every process of a machine. */
const machineMark = 'YARD_SIMULATED_MACHINE'
const homeMark = 'YARD_SIMULATOR_HOME'

/** Boots, waits for the end, and takes in what lost its parent. `poweroff` ends it. */
const initLines = [
  'trap \'exit 0\' TERM INT',
  'export YARD_MACHINE_INIT=$$',
  'if [ -f "$YARD_MACHINE/user-data" ]; then',
  '  "$YARD_MACHINE/user-data" &',
  '  wait $! || echo "(simulator) user_data ended with exit code $?"',
  'fi',
  'if [ -f "$YARD_MACHINE/enabled-services" ] && [ -f "$YARD_MACHINE/booted-before" ]; then',
  '  while read -r service; do systemctl start "$service"; done <"$YARD_MACHINE/enabled-services"',
  'fi',
  'touch "$YARD_MACHINE/booted-before"',
  'while :; do sleep 3600 & wait $!; done',
]

function environment(home: string, folder: string, order: BootOrder): NodeJS.ProcessEnv {
  return {
    PATH: `${join(home, 'shims')}:${process.env['PATH'] ?? '/usr/bin:/bin'}:/usr/sbin:/sbin`,
    HOME: join(folder, 'root'), TMPDIR: join(folder, 'tmp'), USER: 'root', LOGNAME: 'root', SHELL: '/bin/sh', LANG: 'C.UTF-8', DEBIAN_FRONTEND: 'noninteractive',
    HOSTNAME: order.hostname, INSTANCE_ID: order.uuid, YARD_MACHINE: folder, [machineMark]: order.uuid, [homeMark]: home,
  }
}

/** How long a machine waits for what it fetches. */
const fetchMs = 30_000

async function resolved(userData: UserData, clock: Clock): Promise<UserData> {
  if (userData.kind !== 'url') return userData
  const controller = new AbortController()
  const cancel = clock.setTimeout(() => controller.abort(new Error(`no answer within ${fetchMs / 1000} s`)), fetchMs)
  try {
    const response = await fetch(userData.url, { signal: controller.signal })
    if (!response.ok) return { kind: 'ignored', reason: `${userData.url} answered ${response.status}` }
    const fetched = readUserData(await response.text())
    return fetched.kind === 'url' ? { kind: 'ignored', reason: `${userData.url} gave another URL` } : fetched
  } catch (error) {
    return { kind: 'ignored', reason: `${userData.url}: ${error instanceof Error ? error.message : String(error)}` }
  } finally {
    cancel()
  }
}

export type MachinesOptions = { clock: Clock; home: string; isolate?: boolean | undefined; /** A machine ended by itself. */ onPowerOff: (uuid: string) => void }

export function makeMachines({ clock, home, isolate, onPowerOff }: MachinesOptions): Machines {
  killMarked(homeMark, home)
  mkdirSync(join(home, 'machines'), { recursive: true })
  writeShims(join(home, 'shims'))
  const sandbox: Sandbox = findSandbox(home, isolate)
  const running = new Map<string, Running>()
  const outputs = new Map<string, string>()
  const ending = new Set<Promise<void>>()
  let closed = false

  const folderOf = (uuid: string) => join(home, 'machines', uuid)
  const print = (uuid: string, text: string) => {
    outputs.set(uuid, ((outputs.get(uuid) ?? '') + text).slice(-mostOutput))
    if (existsSync(folderOf(uuid))) appendFileSync(join(folderOf(uuid), 'console.log'), text)
  }

  function prepare(order: BootOrder, userData: UserData): string {
    const folder = folderOf(order.uuid)
    for (const name of ['root', 'tmp']) mkdirSync(join(folder, name), { recursive: true })
    rmSync(join(folder, 'user-data'), { force: true })
    if (userData.kind === 'script') writeFileSync(join(folder, 'user-data'), userData.script, { mode: 0o700 })
    if (userData.kind === 'ignored') print(order.uuid, `(simulator) user_data is ignored: ${userData.reason}\n`)
    const naming = sandbox.isolated ? ['PATH=/usr/sbin:/usr/bin:/sbin:/bin hostname "$HOSTNAME" 2>/dev/null'] : []
    writeFileSync(join(folder, 'init'), ['#!/bin/sh', ...sandbox.mounts(folder), ...naming, ...initLines, ''].join('\n'), { mode: 0o755 })
    return folder
  }

  async function boot(order: BootOrder): Promise<void> {
    const userData = order.firstBoot ? await resolved(readUserData(order.userData), clock) : { kind: 'none' as const }
    // While user_data was fetched it may have been switched off, or on again.
    if (closed || wanted.get(order.uuid) !== order) return
    const folder = prepare(order, userData)
    print(order.uuid, `(simulator) ${order.hostname} boots ${order.image}\n`)
    const [program = '', ...args] = sandbox.wrap(['/bin/sh', join(folder, 'init')])
    const child = spawn(program, args, { cwd: join(folder, 'root'), env: environment(home, folder, order), stdio: ['ignore', 'pipe', 'pipe'], detached: true })
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => print(order.uuid, text))
    const ended = new Promise<void>(resolve => {
      child.once('exit', resolve)
      child.once('error', error => {
        print(order.uuid, `(simulator) the machine could not be run: ${error.message}\n`)
        resolve()
      })
    })
    const machine: Running = { order, child, ended, pulled: false }
    running.set(order.uuid, machine)
    void ended.then(() => afterEnd(machine))
  }

  function afterEnd(machine: Running): void {
    const { uuid } = machine.order
    clean(machine)
    if (running.get(uuid) === machine) running.delete(uuid)
    if (machine.pulled) return
    const rebootFile = join(folderOf(uuid), 'reboot')
    if (existsSync(rebootFile)) {
      rmSync(rebootFile)
      start({ ...machine.order, firstBoot: false })
    } else {
      wanted.delete(uuid)
      onPowerOff(uuid)
    }
  }

  /** What left the machine's group. In a namespace of their own all of them end with its first. */
  function clean({ order, child }: Running): void {
    if (child.pid !== undefined) {
      try {
        process.kill(-child.pid, 'SIGKILL')
      } catch {
        // Nothing of the group is left.
      }
    }
    if (!sandbox.isolated) killMarked(machineMark, order.uuid)
  }

  /** Which boot a machine is to have run last. */
  const wanted = new Map<string, BootOrder>()
  function start(order: BootOrder): void {
    wanted.set(order.uuid, order)
    const booting = boot(order).finally(() => ending.delete(booting))
    ending.add(booting)
  }
  function end(uuid: string): void {
    wanted.delete(uuid)
    const machine = running.get(uuid)
    if (!machine) return
    machine.pulled = true
    running.delete(uuid)
    clean(machine)
    const gone = machine.ended.finally(() => ending.delete(gone))
    ending.add(gone)
  }

  return {
    isolated: sandbox.isolated,
    boot: order => {
      if (running.has(order.uuid) || closed) return
      start(order)
    },
    end,
    forget: uuid => {
      end(uuid)
      for (const old of [...outputs.keys()].slice(0, -mostOutputs)) if (!wanted.has(old)) outputs.delete(old)
      void Promise.all(ending).then(() => rmSync(folderOf(uuid), { recursive: true, force: true, maxRetries: 3 }))
    },
    output: uuid => outputs.get(uuid) ?? '',
    processes: () => processesByMark(machineMark),
    running: () => [...running.keys()],
    close: async () => {
      closed = true
      for (const uuid of running.keys()) end(uuid)
      await Promise.all(ending)
      killMarked(homeMark, home)
    },
  }
}

/** For worlds whose machines are only books. */
export const noMachines: Machines = { isolated: true, boot: () => {}, end: () => {}, forget: () => {}, output: () => '', processes: () => new Map(), running: () => [], close: () => Promise.resolve() }
