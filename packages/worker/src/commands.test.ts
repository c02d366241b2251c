import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync, appendFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { linesOf, startWorker, stopWorker, TestEngine, until, type WorkerProcess } from './testing/test-engine.js'

let engine: TestEngine
let worker: WorkerProcess
let basedir: string
let number = 0
const id = () => `i/1/1/${++number}`

beforeAll(async () => {
  basedir = mkdtempSync(join(tmpdir(), 'yard-worker-'))
  engine = await TestEngine.start()
  worker = startWorker(engine.url, basedir)
  await engine.hello()
})
afterAll(async () => {
  await stopWorker(worker)
  await engine.stop()
  rmSync(basedir, { recursive: true })
})

describe('shell commands', () => {
  test('output of both streams, exit code and headers as Buildbot writes them', async () => {
    const done = await engine.run(id(), { argv: ['sh', '-c', 'echo out; echo "it is" >&2; printf unfinished; exit 3'], timeout: 1200, maxTime: 1 * 3600, logEnviron: true })
    expect(done.ended).toMatchObject({ rc: 3, failureReason: null, seq: done.lastSeq })
    expect(linesOf(done, 'o')).toEqual(['out', 'unfinished'])
    expect(linesOf(done, 'e')).toEqual(['it is'])
    const headers = linesOf(done, 'h')
    expect(headers.slice(0, 5)).toEqual([
      'sh -c echo out; echo "it is" >&2; printf unfinished; exit 3',
      ` in dir ${basedir}/build (timeout 1200 secs) (maxTime 3600 secs)`,
      ' watching logfiles {}',
      ` argv: ['sh', '-c', 'echo out; echo "it is" >&2; printf unfinished; exit 3']`,
      ' environment:',
    ])
    expect(headers).toContain('  FROM_WORKER=inherited')
    expect(headers).toContain(' using PTY: False')
    expect(headers.at(-2)).toBe('program finished with exit code 3')
    expect(headers.at(-1)).toMatch(/^elapsedTime=\d+\.\d{6}$/)
  })

  test('the environment: added, removed, expanded; nothing of Yardmaster, above all no password', async () => {
    const done = await engine.run(id(), { command: 'env', env: { ADDED: 'a', FROM_WORKER: null, JOINED: 'x:${HOME}:${NOT_THERE}' }, logEnviron: true })
    const lines = linesOf(done, 'o')
    expect(lines).toContain('ADDED=a')
    expect(lines).toContain(`JOINED=x:${process.env['HOME'] ?? ''}:`)
    expect(lines.filter(line => line.startsWith('FROM_WORKER'))).toEqual([])
    expect(lines.filter(line => line.startsWith('YARD_')).map(line => line.split('=')[0])).toEqual(['YARD_COMMAND'])
    expect(done.logs.get('stdio')).not.toContain('right')
  })

  test('/dev/stderr can be opened, as scripts do', async () => {
    const done = await engine.run(id(), { command: 'echo one > /dev/stderr; echo two | tee /dev/stderr' })
    expect(linesOf(done, 'e')).toEqual(['one', 'two'])
    expect(linesOf(done, 'o')).toEqual(['two'])
  })

  test('stdin is given, or empty', async () => {
    expect(linesOf(await engine.run(id(), { argv: ['cat'], initialStdin: 'hello\nthere' }), 'o')).toEqual(['hello', 'there'])
    expect((await engine.run(id(), { argv: ['cat'] })).ended.rc).toBe(0)
  })

  test('a PTY where one is asked for', async () => {
    const done = await engine.run(id(), { argv: ['sh', '-c', `test -t 1 && echo "it's a tty"; exit 5`], usePTY: true })
    expect(linesOf(done, 'o')).toEqual(["it's a tty"])
    expect(done.ended.rc).toBe(5)
  })

  test('what cannot be started says why', async () => {
    const done = await engine.run(id(), { argv: ['no-such-program'] })
    expect(done.ended).toMatchObject({ rc: 127, failureReason: 'spawn' })
    expect(linesOf(done, 'h').join('\n')).toContain('cannot start the command: spawn no-such-program ENOENT')
    const outside = await engine.run(id(), { argv: ['true'], workdir: '../elsewhere' })
    expect(outside.ended).toMatchObject({ rc: 126, failureReason: 'spawn' })
    expect(linesOf(outside, 'h').join('\n')).toContain("'../elsewhere' is outside of the worker's base directory")
  })

  test('death by a signal is -1', async () => {
    const done = await engine.run(id(), { command: 'kill -9 $$' })
    expect(done.ended).toMatchObject({ rc: -1, failureReason: null })
    expect(linesOf(done, 'h')).toContain('process killed by signal 9')
  })

  test('timeout without output, and maxTime in spite of output', async () => {
    const [silent, busy] = await Promise.all([
      engine.run(id(), { command: 'echo begun; sleep 60', timeout: 0.3 }),
      engine.run(id(), { command: 'while :; do echo x; sleep 0.05; done', timeout: 20, maxTime: 0.8 }),
    ])
    expect(silent.ended).toMatchObject({ rc: -1, failureReason: 'timeout_without_output' })
    expect(linesOf(silent, 'h')).toContain("command timed out: 0.3 seconds without output running ['/bin/sh', '-c', 'echo begun; sleep 60'], attempting to kill")
    expect(busy.ended).toMatchObject({ rc: -1, failureReason: 'timeout' })
    expect(busy.ended.elapsed).toBeGreaterThan(0.75)
  })

  test('an interrupt reaches a child that forked twice into its own session', async () => {
    const command = id()
    const file = join(basedir, 'pid')
    engine.start(command, { kind: 'shell', args: { ...base, command: `(setsid sh -c 'echo $$ > ${file}; exec sleep 300' > /dev/null 2>&1 &) ; echo begun; sleep 300` } })
    await until(() => linesOf(engine.of(command), 'o').includes('begun') && existsSync(file) && readFileSync(file, 'utf8').endsWith('\n'), 'both processes')
    const pid = Number(readFileSync(file, 'utf8'))
    expect(existsSync(`/proc/${pid}`)).toBe(true)
    engine.send({ type: 'interrupt', command, why: 'stopped by a test' })
    const done = await engine.ended(command)
    expect(done.ended).toMatchObject({ rc: -1, failureReason: 'interrupted' })
    expect(linesOf(done, 'h')).toContain('command interrupted: stopped by a test, attempting to kill')
    expect(isRunning(pid)).toBe(false)
  })

  test('TERM comes first where it is asked for, and KILL for those that ignore it', async () => {
    const [polite, stubborn] = [id(), id()]
    engine.start(polite, { kind: 'shell', args: { ...base, sigtermTime: 20, command: `trap 'echo cleaning; exit 0' TERM; echo begun; while :; do sleep 0.02; done` } })
    engine.start(stubborn, { kind: 'shell', args: { ...base, sigtermTime: 0.3, command: `trap '' TERM; echo begun; while :; do sleep 0.02; done` } })
    for (const command of [polite, stubborn]) {
      await until(() => linesOf(engine.of(command), 'o').includes('begun'), command)
      engine.send({ type: 'interrupt', command, why: '' })
    }
    expect(linesOf(await engine.ended(polite), 'o')).toEqual(['begun', 'cleaning'])
    expect((await engine.ended(stubborn)).ended.failureReason).toBe('interrupted')
    expect(linesOf(engine.of(stubborn), 'h')).toContain('process killed by signal 9')
  })

  test('logfiles: followed from their end, or read from their start when they change', async () => {
    mkdirSync(join(basedir, 'build'), { recursive: true })
    writeFileSync(join(basedir, 'build/followed.log'), 'old\n')
    writeFileSync(join(basedir, 'build/rewritten.log'), 'first\n')
    writeFileSync(join(basedir, 'build/untouched.log'), 'old\n')
    const logfiles = { f: { filename: 'followed.log', follow: true }, r: { filename: 'rewritten.log', follow: false }, u: { filename: 'untouched.log', follow: false }, n: { filename: 'new.log', follow: true } }
    const done = await engine.run(id(), { command: 'echo new >> followed.log; echo second >> rewritten.log; printf "a\\nb" > new.log; echo done', logfiles })
    expect(Object.fromEntries([...done.logs].filter(([name]) => name !== 'stdio'))).toEqual({ f: 'new\n', r: 'first\nsecond\n', n: 'a\nb\n' })
  })

  test('a start that comes twice runs once', async () => {
    const command = id()
    const file = join(basedir, 'twice')
    for (let n = 0; n < 2; n++) engine.start(command, { kind: 'shell', args: { ...base, command: `echo x >> ${file}; sleep 0.1` } })
    await engine.ended(command)
    await engine.run(id(), { command: 'true' })
    expect(readFileSync(file, 'utf8')).toBe('x\n')
  })

  test('1.25 million lines arrive whole, below 2 s of the worker\'s CPU', async () => {
    const before = cpuSeconds(worker.child.pid as number)
    const text = 'x'.repeat(78)
    const done = await engine.run(id(), { command: `yes ${text} | head -n 1250000` })
    const cpu = cpuSeconds(worker.child.pid as number) - before
    expect(done.ended.rc).toBe(0)
    const content = (done.logs.get('stdio') ?? '').split('\n').filter(line => line.startsWith('o'))
    expect(content.length).toBe(1_250_000)
    expect(content.every(line => line === `o${text}`)).toBe(true)
    expect(cpu).toBeLessThan(2)
    process.stdout.write(`100 MB of output: ${cpu.toFixed(2)} s of worker CPU, ${done.ended.elapsed.toFixed(2)} s\n`)
  })
})

describe('files', () => {
  const run = async (spec: Parameters<TestEngine['start']>[1]) => {
    const command = id()
    engine.start(command, spec)
    const done = await engine.ended(command)
    return { rc: done.ended.rc, result: done.ended.result, header: linesOf(done, 'h').join('\n') }
  }

  test('mkdir, listdir, glob, stat, cpdir, rmfile, rmdir', async () => {
    expect(await run({ kind: 'mkdir', args: { paths: ['f/a/b', 'f/c'] } })).toMatchObject({ rc: 0 })
    writeFileSync(join(basedir, 'f/a/one.txt'), '1')
    writeFileSync(join(basedir, 'f/a/b/two.txt'), '22')
    writeFileSync(join(basedir, 'f/.hidden.txt'), '')
    expect((await run({ kind: 'listdir', args: { path: 'f' } })).result).toEqual(['.hidden.txt', 'a', 'c'])
    expect((await run({ kind: 'glob', args: { path: 'f/**/*.txt' } })).result).toEqual(['f/a/b/two.txt', 'f/a/one.txt'])
    expect((await run({ kind: 'glob', args: { path: `${basedir}/f/a/[no]ne.tx?` } })).result).toEqual([`${basedir}/f/a/one.txt`])
    expect((await run({ kind: 'glob', args: { path: 'f/**' } })).result).toEqual(['f', 'f/a', 'f/a/b', 'f/a/b/two.txt', 'f/a/one.txt', 'f/c'])
    expect((await run({ kind: 'stat', args: { path: 'f/a/b/two.txt' } })).result).toMatchObject({ length: 10, 6: 2 })
    expect(await run({ kind: 'cpdir', args: { from: 'f/a', to: 'f/copy' } })).toMatchObject({ rc: 0 })
    expect(readFileSync(join(basedir, 'f/copy/b/two.txt'), 'utf8')).toBe('22')
    expect(await run({ kind: 'rmfile', args: { paths: ['f/copy/one.txt'] } })).toMatchObject({ rc: 0 })
    chmodSync(join(basedir, 'f/copy/b'), 0o500)
    expect(await run({ kind: 'rmdir', args: { paths: ['f', 'f/never-was'] } })).toMatchObject({ rc: 0 })
    expect(existsSync(join(basedir, 'f'))).toBe(false)
  })

  test('what fails says so, with its errno', async () => {
    expect(await run({ kind: 'stat', args: { path: 'not-there' } })).toMatchObject({ rc: 2, header: expect.stringMatching(/^stat: ENOENT/) as string })
    expect(await run({ kind: 'rmdir', args: { paths: ['..'] } })).toMatchObject({ rc: 1, header: expect.stringMatching(/outside of the worker's base directory/) as string })
    expect(await run({ kind: 'rmdir', args: { paths: ['.'] } })).toMatchObject({ rc: 1, header: expect.stringMatching(/base directory itself/) as string })
    expect(await run({ kind: 'rmdir', args: { paths: ['.yard-worker/journal'] } })).toMatchObject({ rc: 1, header: expect.stringMatching(/belongs to the worker/) as string })
    appendFileSync(join(basedir, 'file'), '')
    expect((await run({ kind: 'mkdir', args: { paths: ['file/below'] } })).rc).toBe(20)
  })
})

test('nothing is kept of what is acknowledged', async () => {
  const { readdirSync } = await import('node:fs')
  await until(() => readdirSync(join(basedir, '.yard-worker/journal')).length === 0, 'an empty journal')
})

const base = { env: {}, workdir: 'build', timeout: null, maxTime: null, sigtermTime: null, logfiles: {}, usePTY: false, logEnviron: false, initialStdin: null }

function isRunning(pid: number): boolean {
  return existsSync(`/proc/${pid}`) && !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
}

/** Assumes the usual 100 ticks a second. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) / 100
}
