import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { linesOf, shell, startWorker, stopWorker, TestEngine, until, type WorkerProcess } from './testing/test-engine.js'

const COMMAND = 'i/1/1/1'
let engine: TestEngine
let basedir: string
let started: WorkerProcess[]

beforeEach(async () => {
  basedir = mkdtempSync(join(tmpdir(), 'yard-worker-'))
  engine = await TestEngine.start()
  started = []
})
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') process.stdout.write(started.map(worker => worker.output()).join('\n'))
  for (const worker of started) await stopWorker(worker)
  await engine.stop()
  rmSync(basedir, { recursive: true })
})

function start(options?: Parameters<typeof startWorker>[2]): WorkerProcess {
  const worker = startWorker(engine.url, basedir, options)
  started.push(worker)
  return worker
}

function isRunning(pid: number): boolean {
  return existsSync(`/proc/${pid}`) && !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
}

/** A command of two sleeping processes, the second in its own session: the answer is their pids. */
async function startSleepers(command: string): Promise<number[]> {
  const file = join(basedir, 'pids')
  engine.start(command, shell({ command: `echo $$ >> ${file}; (setsid sh -c 'echo $$ >> ${file}; exec sleep 300' > /dev/null 2>&1 &); echo begun; sleep 300`, workdir: 'build' }))
  const pids = () => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(line => line !== '').map(Number) : [])
  await until(() => pids().length === 2 && linesOf(engine.of(command), 'o').includes('begun'), 'the sleepers')
  return pids()
}

describe('connecting', () => {
  test('says who it is and what it runs on', async () => {
    start()
    const hello = await engine.hello()
    expect(hello).toMatchObject({ protocol: 1, held: [], info: { platform: process.platform, basedir } })
    expect(engine.userAgents).toEqual([`yardmaster-worker/${hello.version}`])
  })

  test('a wrong password is told once, clearly, and tried again', async () => {
    const worker = start({ password: 'wrong-password' })
    await until(() => engine.refused >= 3, 'three tries')
    const lines = worker.output().split('\n').filter(line => line.includes('wrong name or password'))
    expect(lines.length).toBe(1)
    expect(lines[0]).toContain(`the engine refused worker 'w1'`)
    expect(worker.output()).not.toContain('wrong-password')
  })

  test('answers pings, and leaves an engine that is silent', async () => {
    engine.keepaliveMs = 150
    start()
    await engine.hello()
    engine.send({ type: 'ping', n: 42 })
    await until(() => engine.others.some(message => message.type === 'pong' && message.n === 42), 'the pong')
    await engine.hello(2)
  })

  test('listens closely to an engine that it runs something for, until that says otherwise', async () => {
    engine.busyMs = 150
    start()
    await engine.hello()
    engine.start(COMMAND, shell({ command: 'sleep 300' }))
    await engine.hello(2)
    expect((await engine.hello(2)).held).toMatchObject([{ command: COMMAND, state: 'running' }])
    engine.deciding = false
    // On a busy machine it may have hung up once more before it is told.
    let told = 0
    await until(() => {
      if (engine.hellos.length > told) engine.send({ type: 'ping', n: told = engine.hellos.length, nextMs: 60_000 })
      return engine.others.some(message => message.type === 'pong' && message.n === told)
    }, 'the pong')
    await new Promise(resolve => setTimeout(resolve, 600))
    expect(engine.hellos).toHaveLength(told)
  })

  test('of several engines, tries those that do not answer once a round, and the one that does', async () => {
    const worker = startWorker(`ws://127.0.0.1:1, ${engine.url}`, basedir)
    started.push(worker)
    await engine.hello()
    engine.socket?.terminate()
    await engine.hello(2)
    expect(worker.output().split('\n').filter(line => line.includes('cannot connect'))).toHaveLength(1)
  })

  test('a bad message closes the connection with 1002 and the reason', async () => {
    start()
    await engine.hello()
    const closed = new Promise(resolve => engine.socket?.once('close', (code, reason) => resolve([code, reason.toString()])))
    engine.socket?.send(Buffer.from([0x81, 0xa4, 0x74, 0x79, 0x70, 0x65, 0xa1, 0x78]))
    expect(await closed).toEqual([1002, expect.stringMatching(/^type: expected one of welcome, .* found "x"$/)])
    await engine.hello(2)
  })

  test('a second worker in the same folder is refused', async () => {
    start()
    await engine.hello()
    const second = start()
    expect((await second.exited).code).toBe(1)
    expect(second.output()).toMatch(/another worker \(pid \d+\) runs in .*: stop it, or give this one another --basedir/)
  })

  test('missing and wrong settings are told together', () => {
    const main = fileURLToPath(new URL('../dist/main.js', import.meta.url))
    const { status, stderr } = spawnSync(process.execPath, [main, '--engine', 'http://x', '--name', 'a:b'], { encoding: 'utf8', env: { PATH: process.env['PATH'] } })
    expect(status).toBe(2)
    expect(stderr.trim().split('\n').length).toBe(4)
  })
})

describe('a lost connection', () => {
  test('leaves the command running; nothing is lost or doubled, whatever was acknowledged', async () => {
    start()
    await engine.hello()
    engine.acking = false
    engine.start(COMMAND, shell({ command: 'i=0; while [ $i -lt 400 ]; do i=$((i+1)); echo line $i; sleep 0.005; done' }))
    for (let drops = 0; drops < 4; drops++) {
      const lines = engine.of(COMMAND).lines
      await until(() => engine.of(COMMAND).lines > lines + 10, 'more lines')
      if (drops === 2) engine.send({ type: 'ack', command: COMMAND, seq: engine.of(COMMAND).lastSeq - 1 })
      engine.socket?.terminate()
      const hello = await engine.hello(drops + 2)
      expect(hello.held).toEqual([{ command: COMMAND, state: 'running', lastSeq: expect.any(Number) as number }])
      expect(hello.process).toBe(engine.hellos[0]?.process)
    }
    const done = await engine.ended(COMMAND)
    expect(linesOf(done, 'o')).toEqual(Array.from({ length: 400 }, (_, index) => `line ${index + 1}`))
    expect(done.repeated).toBe(0)
    expect(done.ended.rc).toBe(0)
    expect(readdirSync(join(basedir, '.yard-worker/journal')).length).toBe(1)
    engine.send({ type: 'ack', command: COMMAND, seq: done.lastSeq })
    await until(() => readdirSync(join(basedir, '.yard-worker/journal')).length === 0, 'an empty journal')
  })

  test('an engine that had committed less gets it all again', async () => {
    start()
    await engine.hello()
    engine.acking = false
    const first = await engine.run(COMMAND, { command: 'seq 1 50000' })
    engine.deciding = false
    engine.socket?.terminate()
    expect((await engine.hello(2)).held).toEqual([{ command: COMMAND, state: 'ended', lastSeq: first.lastSeq }])
    const before = first.logs.get('stdio')
    const again = engine.of(COMMAND)
    Object.assign(again, { lastSeq: 0, ended: null, logs: new Map() })
    engine.send({ type: 'decide', resume: [{ command: COMMAND, fromSeq: 0 }], forget: [], kill: [] })
    expect((await engine.ended(COMMAND)).logs.get('stdio')).toBe(before)
  })

  test('the engine may have a held command killed, or forget an ended one', async () => {
    start()
    await engine.hello()
    const pids = await startSleepers(COMMAND)
    engine.acking = false
    await engine.run('i/1/1/2', { command: 'echo done' })
    engine.deciding = false
    engine.socket?.terminate()
    await engine.hello(2)
    engine.send({ type: 'decide', resume: [], forget: ['i/1/1/2'], kill: [COMMAND] })
    await until(() => !pids.some(isRunning), 'the death of the command')
    await until(() => readdirSync(join(basedir, '.yard-worker/journal')).length === 0, 'an empty journal')
    engine.socket?.terminate()
    expect((await engine.hello(3)).held).toEqual([])
  })
})

test('without acknowledgements it stops reading at its bound, and goes on when they come', async () => {
  const worker = start()
  await engine.hello()
  engine.acking = false
  const text = 'y'.repeat(999)
  engine.start(COMMAND, shell({ command: `yes ${text} | head -n 150000`, timeout: 1.5 }))
  const received = engine.of(COMMAND)
  await until(() => received.lines > 65_000, '64 MiB')
  // Longer than the command's timeout: a silence that the worker itself causes is not the command's.
  await engine.run('i/1/1/2', { command: 'sleep 2' })
  expect(received.lines * 1001).toBeLessThan(70 * 1024 * 1024)
  const resident = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${worker.child.pid}/status`, 'utf8'))?.[1])
  expect(resident).toBeLessThan(220 * 1024)
  engine.acking = true
  engine.send({ type: 'ack', command: COMMAND, seq: received.lastSeq })
  const done = await engine.ended(COMMAND)
  expect(done.ended).toMatchObject({ rc: 0, failureReason: null })
  const lines = linesOf(done, 'o')
  expect(lines.length).toBe(150_000)
  expect(lines.every(line => line === text)).toBe(true)
})

describe('the end of the worker', () => {
  test('killed (-9): the next process kills what was left, and tells that it is lost', async () => {
    const worker = start()
    await engine.hello()
    const pids = await startSleepers(COMMAND)
    worker.child.kill('SIGKILL')
    await worker.exited
    expect(pids.every(isRunning)).toBe(true)
    start()
    const hello = await engine.hello(2)
    expect(pids.some(isRunning)).toBe(false)
    expect(hello.held).toEqual([{ command: COMMAND, state: 'lost', lastSeq: 0 }])
    expect(hello.process).not.toBe(engine.hellos[0]?.process)
    await until(() => readdirSync(join(basedir, '.yard-worker/journal')).length === 0, 'an empty journal')
  })

  test('SIGTERM: goodbye, nothing survives, exit 0; the next process tells what was not forgotten', async () => {
    const worker = start()
    await engine.hello()
    const pids = await startSleepers(COMMAND)
    worker.child.kill('SIGTERM')
    expect(await worker.exited).toEqual({ code: 0, signal: null })
    expect(engine.others).toContainEqual({ type: 'goodbye', why: expect.any(String) as string })
    expect(engine.of(COMMAND).ended).toBeNull()
    expect(pids.some(isRunning)).toBe(false)
    start()
    expect((await engine.hello(2)).held).toEqual([{ command: COMMAND, state: 'lost', lastSeq: 0 }])
  })

  test('SIGTERM while no engine is there', async () => {
    const worker = start()
    await engine.hello()
    await engine.stop()
    worker.child.kill('SIGTERM')
    expect(await worker.exited).toEqual({ code: 0, signal: null })
    engine = await TestEngine.start()
  })

  test('shutdown: what runs is finished and acknowledged, later starts are refused', async () => {
    const worker = start()
    await engine.hello()
    // A file and not a fifo: should the command have failed, opening its other end would block this whole process.
    engine.start(COMMAND, shell({ command: 'echo begun; while [ ! -e go ]; do sleep 0.02; done; cat go', workdir: '.' }))
    await until(() => linesOf(engine.of(COMMAND), 'o').includes('begun'), 'begun')
    engine.send({ type: 'shutdown', why: 'a test' })
    const late = await engine.run('i/1/1/2', { command: 'true' })
    expect(late.ended).toMatchObject({ rc: -1, failureReason: 'interrupted' })
    writeFileSync(join(basedir, 'going'), 'finished\n')
    renameSync(join(basedir, 'going'), join(basedir, 'go'))
    expect(await worker.exited).toEqual({ code: 0, signal: null })
    expect(linesOf(engine.of(COMMAND), 'o')).toEqual(['begun', 'finished'])
    expect(engine.others.filter(({ type }) => type === 'goodbye')).toEqual([])
  })

  test('shutdown now: what runs is killed', async () => {
    const worker = start()
    await engine.hello()
    const pids = await startSleepers(COMMAND)
    engine.send({ type: 'shutdown', why: 'a test', now: true })
    expect(await worker.exited).toEqual({ code: 0, signal: null })
    expect(pids.some(isRunning)).toBe(false)
  })

  test('--once says so, and goes when the engine says that it may, however long it was idle between two commands', async () => {
    const worker = start({ flags: ['--once'] })
    expect((await engine.hello()).once).toBe(true)
    await engine.run(COMMAND, { command: 'echo hello' })
    await until(() => readdirSync(join(basedir, '.yard-worker/journal')).length === 0, 'an empty journal')
    await engine.run('i/1/2/1', { command: 'echo more' })
    expect(worker.child.exitCode).toBe(null)
    engine.send({ type: 'shutdown', why: 'it has built once' })
    expect(await worker.exited).toEqual({ code: 0, signal: null })
  })

  test('--on-stop=finish: asks to be let go on every connection, and ends what it has', async () => {
    const worker = start({ flags: ['--on-stop', 'finish'] })
    await engine.hello()
    engine.start(COMMAND, shell({ command: 'echo begun; while [ ! -e go ]; do sleep 0.02; done; echo done', workdir: '.' }))
    await until(() => linesOf(engine.of(COMMAND), 'o').includes('begun'), 'begun')
    worker.child.kill('SIGTERM')
    const wishes = (count: number) => until(() => engine.others.filter(({ type }) => type === 'leaving').length === count, `wish number ${count}`)
    await wishes(1)
    engine.socket?.terminate()
    await wishes(2)
    writeFileSync(join(basedir, 'go'), '')
    expect((await engine.ended(COMMAND)).ended.rc).toBe(0)
    engine.send({ type: 'shutdown', why: 'it asked to' })
    expect(await worker.exited).toEqual({ code: 0, signal: null })
    expect(engine.others.filter(({ type }) => type === 'goodbye')).toEqual([])
  })

  test('--on-stop=finish: a worker that runs nothing does not wait for an engine that says nothing', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const worker = start({ flags: ['--on-stop', 'finish', '--engine', `ws://127.0.0.1:${(silent.address() as AddressInfo).port}`] })
    await once(silent, 'connection')
    worker.child.kill('SIGTERM')
    expect(await worker.exited).toEqual({ code: 0, signal: null })
    silent.close()
  })

  test('--on-stop=finish: a second signal ends it at once', async () => {
    const worker = start({ flags: ['--on-stop=finish'] })
    await engine.hello()
    const pids = await startSleepers(COMMAND)
    worker.child.kill('SIGTERM')
    await until(() => engine.others.some(({ type }) => type === 'leaving'), 'the wish')
    await engine.run('i/1/1/2', { command: 'sleep 0.4' })
    worker.child.kill('SIGTERM')
    expect(await worker.exited).toEqual({ code: 143, signal: null })
    expect(pids.some(isRunning)).toBe(false)
  })
})
