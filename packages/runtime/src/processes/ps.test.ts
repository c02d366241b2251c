import { spawn } from 'node:child_process'
import { platform } from 'node:os'
import { afterEach, describe, expect, test } from 'vitest'
import { findMembers, identify, isAlive } from './process-tree.js'
import { parsePs, processesByPs } from './ps.js'
import { proc } from './proc.js'

// As `ps -A -E -ww -o …` of macOS 14 prints it.
const MACOS = `
    1     0     1 Ss   Mon Nov 16 09:12:31 2026     /sbin/launchd
  501     1   501 S+   Sun Nov 22 17:01:02 2026     /usr/local/bin/node /opt/yard/worker/main.js --name w1 HOME=/Users/ci PATH=/usr/bin
  777   501   777 Ss   Sun Nov 22 17:35:00 2026     /bin/sh -c make HOME=/Users/ci YARD_COMMAND=i/1/1/1 PWD=/w
  778   777   777 S    Sun Nov 22 17:35:00 2026     make HOME=/Users/ci YARD_COMMAND=i/1/1/1
  800     1   800 Ss   Sun Nov 22 17:35:01 2026     sleep 300 YARD_COMMAND=i/1/1/1
  801   800   801 S    Sun Nov 22 17:35:01 2026     (helper)
  802   778   777 Z    Sun Nov 22 17:35:01 2026     <defunct>
  900     1   900 Ss   Sun Nov  1 17:35:01 2026     sleep 300 YARD_COMMAND=i/1/1/10
`

const mark = (value: string) => ({ name: 'YARD_COMMAND', value })

test('what ps says is read', () => {
  const lines = parsePs(MACOS)
  expect(lines.map(({ pid }) => pid)).toEqual([1, 501, 777, 778, 800, 801, 802, 900])
  expect(lines[2]).toEqual({ pid: 777, parent: 501, group: 777, session: null, zombie: false, started: 'Sun Nov 22 17:35:00 2026', command: '/bin/sh -c make HOME=/Users/ci YARD_COMMAND=i/1/1/1 PWD=/w' })
  expect(lines.at(-1)?.started).toBe('Sun Nov 1 17:35:01 2026')
  expect(lines.filter(({ zombie }) => zombie).map(({ pid }) => pid)).toEqual([802])
})

test('a tree is its group, the marked, and whoever descends from them', () => {
  const lines = parsePs(MACOS)
  const marks = (name: string) => new Map(lines.flatMap(({ pid, command }): [number, string][] => {
    const value = command.split(' ').findLast(word => word.startsWith(`${name}=`))
    return value === undefined ? [] : [[pid, value.slice(name.length + 1)]]
  }))
  const processes = { list: () => lines, marks, identify: () => null }
  expect(findMembers({ mark: mark('i/1/1/1'), root: 777 }, processes)).toEqual([777, 778, 800, 801])
  expect(findMembers({ mark: mark('i/1/1/1'), root: null }, processes)).toEqual([777, 778, 800, 801])
  expect(findMembers({ mark: mark('i/1/1/9'), root: null }, processes)).toEqual([])
})

describe.runIf(platform() === 'linux')('on this machine', () => {
  const started: number[] = []
  afterEach(() => { for (const pid of started.splice(0)) try { process.kill(-pid, 'SIGKILL') } catch { /* It has ended. */ } })

  test.each([['ps', processesByPs(['axeww'])], ['/proc', proc]])('%s finds a child that forked twice into a session of its own', async (_way, processes) => {
    const command = `i/${process.pid}/1/1`
    const child = spawn('/bin/sh', ['-c', '(setsid sh -c "echo ready; exec sleep 60" &); sleep 60'], { env: { PATH: process.env['PATH'], YARD_COMMAND: command }, detached: true, stdio: ['ignore', 'pipe', 'ignore'] })
    const root = child.pid as number
    started.push(root)
    await new Promise(resolve => child.stdout.once('data', resolve))
    const members = findMembers({ mark: mark(command), root }, processes)
    started.push(...members)
    expect(members).toContain(root)
    expect(members.length).toBeGreaterThanOrEqual(3)
    expect(findMembers({ mark: mark(command), root: null }, processes).sort()).toEqual([...members].sort())
    const identity = processes.identify(root)
    expect(identity).toMatchObject({ pid: root })
    expect(processes.identify(root)).toEqual(identity)
  })

  test('an identity is of one process', () => {
    const own = identify(process.pid)!
    expect(isAlive(own)).toBe(true)
    expect(isAlive({ ...own, startTicks: '1' })).toBe(false)
    expect(isAlive({ ...own, pid: 1 })).toBe(false)
  })
})
