import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CommandSpec } from '@yardmaster/worker-protocol'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { StockWorker, stockWorkerProgram } from '../../../../test/kit/stock-worker.js'
import { until } from '../../../../test/kit/until.js'
import { openStockDoor } from '../testing/stock-door.js'

const folder = mkdtempSync(join(tmpdir(), 'yardmaster-stock-'))
const basedir = join(folder, 's1')
const env = { PATH: process.env['PATH'], HOME: folder, LANG: 'C.UTF-8', PYTHONPATH: '/of/the/worker', OWN: 'own' }
const shellDefaults = { env: {}, workdir: 'b', timeout: null, maxTime: null, sigtermTime: null, logfiles: {}, usePTY: false, logEnviron: false, initialStdin: null }
type ShellArgs = Extract<CommandSpec, { kind: 'shell' }>['args']
const shell = (command: string, more: Partial<ShellArgs> = {}): CommandSpec => ({ kind: 'shell', args: { ...shellDefaults, command, ...more } })
const said = (lines: string[] | undefined, letter: string) => (lines ?? []).filter(line => line.startsWith(letter)).map(line => line.slice(1))

/** Of a process that has written it down there. */
const pidIn = (file: string) => until(`${file} to be written`, () => /^(\d+)\n/.exec(existsSync(file) ? readFileSync(file, 'utf8') : '')?.[1])

/** What is dead may not have been reaped yet. */
function isAlive(pid: string): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

describe.skipIf(stockWorkerProgram === null)('an unmodified buildbot-worker', () => {
  let door: Awaited<ReturnType<typeof openStockDoor>>
  let worker: StockWorker
  let n = 0
  const id = () => `i/1/0/${++n}`
  beforeAll(async () => {
    door = await openStockDoor()
    worker = new StockWorker({ name: 's1', password: 'pw', url: door.url, basedir, env })
    await worker.start()
    await until('it to come in', () => door.arrivals.length > 0)
    mkdirSync(join(basedir, 'b'))
  })
  afterAll(async () => {
    await worker?.stop()
    await door?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  test('tells of itself, but not of its environment', () => {
    const { newcomer } = door.arrivals[0]!
    expect(newcomer.version).toMatch(/^3\./)
    expect(newcomer.labels).toEqual({ os: 'linux', arch: process.arch })
    expect(newcomer.info).toMatchObject({ basedir, platform: 'linux', admin: expect.stringContaining('@'), host: expect.any(String), os_id: expect.any(String), cores: expect.any(Number) })
    expect(JSON.stringify(newcomer.info)).not.toContain(env.PYTHONPATH)
  })

  test('is refused with a wrong password', async () => {
    const wrong = new StockWorker({ name: 'wrong', password: 'no', url: door.url, basedir: join(folder, 'wrong'), env })
    onTestFinished(() => wrong.stop())
    await wrong.start()
    await until('it to be refused, and to try again', () => door.refused.filter(name => name === 'wrong').length > 1)
    expect(door.arrivals).toHaveLength(1)
  })

  test('sends a file, piece by piece as it is taken, and says why it cannot', async () => {
    const bytes = Buffer.from(Array.from({ length: 700_001 }, (_, at) => (at * 31) % 256))
    writeFileSync(join(basedir, 'b/upload'), bytes)
    const sent = await door.upload(id(), { path: 'b/upload', maxBytes: bytes.length + 1 })
    expect(sent).toMatchObject({ rc: 0, failureReason: null })
    expect(sent.messages.filter(({ log }) => log === 'content').length).toBeGreaterThan(1)
    expect(sent.content.equals(bytes)).toBe(true)
    const absent = await door.upload(id(), { path: 'b/absent', maxBytes: 10 })
    expect(absent).toMatchObject({ rc: 1 })
    expect(said(absent.lines['stdio'], 'e').at(-1)).toContain('Cannot open file')
    const large = await door.upload(id(), { path: 'b/upload', maxBytes: 10 })
    expect(large).toMatchObject({ rc: 1, content: bytes.subarray(0, 10) })
  })

  test('both streams, with a last line that has no end', async () => {
    const ran = await door.run(id(), shell('echo out; echo err >&2; printf partial; exit 3'))
    expect(ran).toMatchObject({ rc: 3, failureReason: null })
    expect(said(ran.lines['stdio'], 'o')).toEqual(['out', 'partial'])
    expect(said(ran.lines['stdio'], 'e')).toEqual(['err'])
    expect(said(ran.lines['stdio'], 'h')[0]).toBe('echo out; echo err >&2; printf partial; exit 3')
    expect(ran.messages.map(({ seq }) => seq)).toEqual(ran.messages.map((_message, at) => at + 1))
    expect(ran.seq).toBe(ran.messages.length + 1)
    expect(ran.elapsed).toBeGreaterThan(0)
  })

  test('long lines are cut and nothing of them is lost, nor of characters beyond the first 65536', async () => {
    const ran = await door.run(id(), shell(`python3 -c "print('x' * 10000); print('\\U0001F600' * 5000); print('end')"`))
    const lines = said(ran.lines['stdio'], 'o')
    expect(lines.slice(0, 3).map(line => line.length)).toEqual([4095, 4095, 1810])
    expect(lines.slice(3, -1).join('')).toBe('\u{1F600}'.repeat(5000))
    expect(lines.at(-1)).toBe('end')
    expect(Math.max(...lines.map(line => line.length))).toBeLessThan(4096)
  })

  test('progress with \\r is lines, what is not UTF-8 is replaced', async () => {
    const ran = await door.run(id(), shell(`printf '10%%\\r20%%\\r\\ndone\\n\\377\\376x\\n'`))
    expect(said(ran.lines['stdio'], 'o')).toEqual(['10%', '20%', 'done', '\ufffd\ufffdx'])
  })

  test('a list is executed as it is; environment, input and working directory', async () => {
    const { command: _, ...args } = (shell('') as Extract<CommandSpec, { kind: 'shell' }>).args
    const ran = await door.run(id(), { kind: 'shell', args: {
      ...args, argv: ['sh', '-c', 'pwd; cat; echo "$A|$OWN|$PYTHONPATH|$YARD_COMMAND|$1"', 'sh', 'a b*'], initialStdin: 'given\n', workdir: 'b/made/here', env: { A: 'x-${OWN}', OWN: null, PYTHONPATH: '/ours' } } })
    expect(said(ran.lines['stdio'], 'o')).toEqual([join(basedir, 'b/made/here'), 'given', `x-own||/ours:/of/the/worker|${ran.command}|a b*`])
    const without = await door.run(id(), shell('echo ok', { env: { PYTHONPATH: null } }))
    expect(without.rc).toBe(0)
  })

  test('log files are logs of their own', async () => {
    const ran = await door.run(id(), shell('echo one > it.log; sleep 1; echo two >> it.log; sleep 1', { logfiles: { mine: { filename: 'it.log', follow: false } } }))
    expect(ran.lines['mine']).toEqual(['one', 'two'])
  })

  test('a terminal', async () => {
    expect(said((await door.run(id(), shell('test -t 1 && echo tty', { usePTY: true }))).lines['stdio'], 'o')).toEqual(['tty'])
  })

  test('death by a signal, no such program, no such folder', async () => {
    expect(await door.run(id(), shell('kill -9 $$'))).toMatchObject({ rc: -1, failureReason: null })
    const { command: _, ...args } = (shell('') as Extract<CommandSpec, { kind: 'shell' }>).args
    expect((await door.run(id(), { kind: 'shell', args: { ...args, argv: ['no-such-program'] } })).rc).not.toBe(0)
    writeFileSync(join(basedir, 'file'), '')
    expect(await door.run(id(), shell('true', { workdir: 'file/below' }))).toMatchObject({ rc: -1, failureReason: 'spawn' })
    const outside = await door.run(id(), shell('true', { workdir: '../outside' }))
    expect(outside).toMatchObject({ rc: -1, failureReason: 'spawn' })
    expect(outside.lines['stdio']!.join()).toContain('outside of the worker\'s base directory')
  })

  test('silence and duration are bounded, and what has left the process group goes with it', async () => {
    expect(await door.run(id(), shell('sleep 60', { timeout: 1 }))).toMatchObject({ rc: -1, failureReason: 'timeout_without_output' })
    const daemon = `setsid sh -c 'echo $$ > daemon.pid; while :; do sleep 1; done' >/dev/null 2>&1 & while :; do echo x; sleep 0.2; done`
    expect(await door.run(id(), shell(daemon, { maxTime: 2, timeout: 10 }))).toMatchObject({ rc: -1, failureReason: 'timeout' })
    expect(isAlive(await pidIn(join(basedir, 'b/daemon.pid')))).toBe(false)
  })

  test('an interrupt ends a command that ignores TERM', async () => {
    const command = id()
    door.start(command, shell(`trap '' TERM; echo up; while :; do sleep 0.1; done`))
    await until('it to run', () => said(door.lines(command), 'o').includes('up'))
    door.link.send({ type: 'interrupt', command, why: 'a test' })
    expect(await door.ended(command)).toMatchObject({ rc: -1, failureReason: 'interrupted' })
  })

  test('commands without a process', async () => {
    expect(await door.run(id(), { kind: 'mkdir', args: { paths: ['f/a/b', 'f/c'] } })).toMatchObject({ rc: 0 })
    writeFileSync(join(basedir, 'f/c/one'), '12345')
    writeFileSync(join(basedir, 'f/c/two'), '')
    const stat = await door.run(id(), { kind: 'stat', args: { path: 'f/c/one' } })
    expect((stat.result as number[])[6]).toBe(5)
    expect(stat.result).toHaveLength(10)
    expect(await door.run(id(), { kind: 'listdir', args: { path: 'f/c' } })).toMatchObject({ rc: 0, result: ['one', 'two'] })
    expect(await door.run(id(), { kind: 'glob', args: { path: 'f/**/o*' } })).toMatchObject({ rc: 0, result: ['f/c/one'] })
    expect(await door.run(id(), { kind: 'cpdir', args: { from: 'f/c', to: 'g/h' } })).toMatchObject({ rc: 0 })
    expect(readFileSync(join(basedir, 'g/h/one'), 'utf8')).toBe('12345')
    expect(await door.run(id(), { kind: 'rmfile', args: { paths: ['f/c/one', 'f/c/two'] } })).toMatchObject({ rc: 0 })
    expect(await door.run(id(), { kind: 'rmfile', args: { paths: ['g/h/one', 'g/h/none', 'g/h/two'] } })).toMatchObject({ rc: 2 })
    expect([existsSync(join(basedir, 'g/h/one')), existsSync(join(basedir, 'g/h/two'))]).toEqual([false, true])
    expect(await door.run(id(), { kind: 'rmdir', args: { paths: ['f', 'g'] } })).toMatchObject({ rc: 0 })
    expect(existsSync(join(basedir, 'f'))).toBe(false)
    const gone = await door.run(id(), { kind: 'stat', args: { path: 'f' } })
    expect([gone.rc, gone.result]).toEqual([2, undefined])
    expect(await door.run(id(), { kind: 'rmdir', args: { paths: ['.'] } })).toMatchObject({ rc: -1 })
  })

  test('what is not acknowledged is said again to a build that is replayed, and then not any more', async () => {
    const command = id()
    door.start(command, shell('echo one; sleep 1; echo two; sleep 1; echo three'))
    await door.ended(command)
    const before = door.received.length
    door.link.send({ type: 'ack', command, seq: 1 })
    door.link.send({ type: 'decide', resume: [{ command, fromSeq: 2 }], forget: [], kill: [] })
    const again = door.received.slice(before).map(message => ('seq' in message ? message.seq : 0))
    expect(again[0]).toBe(3)
    expect(again.at(-1)).toBe((await door.ended(command)).seq)
    door.link.send({ type: 'ack', command, seq: again.at(-1)! })
    door.link.send({ type: 'decide', resume: [{ command, fromSeq: 0 }], forget: [], kill: [] })
    expect(door.received).toHaveLength(before + again.length)
  })

  test('where builds run, only what is marked is ended: what another build has just started goes on', async () => {
    const before = await door.run(id(), shell('true'))
    door.link.send({ type: 'ack', command: before.command, seq: before.seq })
    const ended = door.link.endOrphans(['i/9/9/9'])
    const ran = await door.run(id(), shell('sleep 1; echo well'))
    await ended
    expect([ran.rc, said(ran.lines['stdio'], 'o')]).toEqual([0, ['well']])
  })

  test('is the same process over each of its connections, and who waits for it over a lost one does not wait long', async () => {
    const before = door.arrivals.length
    const ended = door.link.endOrphans(['i/9/9/9'])
    door.link.drop('a test')
    await expect(ended).rejects.toThrow('the connection is lost')
    await until('it to come again', () => door.arrivals.length > before)
    expect(door.arrivals.at(-1)!.newcomer.process).toBe(door.arrivals[0]!.newcomer.process)
  })

  test('over a new connection orphans are ended, also those that nobody could interrupt', async () => {
    const command = id()
    door.start(command, shell(`echo $$ > orphan.pid; setsid sh -c 'echo $$ > escaped.pid; while :; do sleep 1; done' & while :; do echo x; sleep 0.1; done`))
    const pids = await Promise.all(['orphan', 'escaped'].map(name => pidIn(join(basedir, `b/${name}.pid`))))
    const before = door.arrivals.length
    door.link.drop('a test')
    await until('it to come again', () => door.arrivals.length > before)
    expect(pids.map(isAlive)).toEqual([true, true])
    // A sweep that takes too long on a busy machine is made again, as by the engine.
    await until('the orphans to be ended', () => door.link.endOrphans([command, 'i/9/9/9']).then(() => true, () => false))
    expect(pids.map(isAlive)).toEqual([false, false])
    expect((await door.run(id(), shell('echo well'))).rc).toBe(0)
  })

  test('a worker that was killed -9 leaves orphans too', async () => {
    const command = id()
    rmSync(join(basedir, 'b/orphan.pid'))
    door.start(command, shell('echo $$ > orphan.pid; while :; do sleep 0.1; done'))
    const pid = await pidIn(join(basedir, 'b/orphan.pid'))
    const before = door.arrivals.length
    await worker.kill()
    await worker.start()
    await until('it to come again', () => door.arrivals.length > before)
    expect(door.arrivals.at(-1)!.newcomer.process).not.toBe(door.arrivals[0]!.newcomer.process)
    expect(isAlive(pid)).toBe(true)
    await until('the orphan to be ended', () => door.link.endOrphans([command]).then(() => true, () => false))
    expect(isAlive(pid)).toBe(false)
  })
})
