import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startWorker, stopWorker, TestEngine, until, type WorkerProcess } from './testing/test-engine.js'

const COMMAND = 'i/1/1/1'
const sh = (script: string) => spawnSync('/bin/sh', ['-c', script]).status
/** A small disk of its own takes the right to mount one. */
const mayMount = process.platform === 'linux' && sh('unshare --mount true') === 0
let engine: TestEngine
let basedir: string
let started: WorkerProcess[]

beforeEach(async () => {
  basedir = mkdtempSync(join(tmpdir(), 'yard-worker-'))
  engine = await TestEngine.start()
  started = []
})
afterEach(async () => {
  for (const worker of started) await stopWorker(worker)
  await engine.stop()
  rmSync(basedir, { recursive: true })
})

function start(options?: Parameters<typeof startWorker>[2]): WorkerProcess {
  const worker = startWorker(engine.url, basedir, options)
  started.push(worker)
  return worker
}

test('it says what it is: labels, files about it, and its load at once', async () => {
  mkdirSync(join(basedir, 'info', 'folder'), { recursive: true })
  writeFileSync(join(basedir, 'info/admin'), 'Ann <ann@example.org>\n')
  writeFileSync(join(basedir, 'info/rack'), 'x'.repeat(20_000))
  start({ flags: ['--label', 'gpu=a100'] })
  const { labels, info } = await engine.hello()
  expect(labels).toEqual({ os: process.platform, arch: process.arch, host: info.hostname, gpu: 'a100' })
  expect(info).toMatchObject({ admin: 'Ann <ann@example.org>', files: { admin: 'Ann <ann@example.org>', rack: `${'x'.repeat(16 * 1024)}\n…` } })
  await until(() => engine.others.some(({ type }) => type === 'status'), 'its load')
  expect(engine.others.find(({ type }) => type === 'status')).toMatchObject({ diskFreeBytes: expect.any(Number) as number, memoryFreeBytes: expect.any(Number) as number })
})

describe('a machine that cannot', () => {
  test('the base directory is gone: commands end with that reason, the worker lives', async () => {
    const worker = start()
    await engine.hello()
    rmSync(basedir, { recursive: true })
    const done = await engine.run(COMMAND, { command: 'echo hello' })
    expect(done.ended).toMatchObject({ rc: -1, failureReason: 'worker', result: expect.stringMatching(/journal cannot be written: ENOENT/) as string })
    expect(worker.child.exitCode).toBe(null)
    mkdirSync(basedir)
  })

  test('the folder of a command cannot be made', async () => {
    start()
    await engine.hello()
    const place = join(basedir, 'readonly')
    writeFileSync(place, '')
    const wrong = await engine.run(COMMAND, { command: 'true', workdir: 'readonly/below' })
    expect(wrong.ended).toMatchObject({ failureReason: 'spawn' })
  })

  test.runIf(mayMount)('the disk is full: commands end with that reason, and go on when there is room', async () => {
    const disk = mkdtempSync(join(tmpdir(), 'yard-disk-'))
    try {
      expect(sh(`mount -t tmpfs -o size=1m tmpfs '${disk}'`)).toBe(0)
      const worker = startWorker(engine.url, disk)
      started.push(worker)
      await engine.hello()
      sh(`cat /dev/zero > '${disk}/fill'`)
      const full = await engine.run('i/1/1/2', { command: 'true' })
      expect(full.ended).toMatchObject({ failureReason: 'worker', result: expect.stringMatching(/ENOSPC/) as string })
      rmSync(join(disk, 'fill'))
      expect((await engine.run('i/1/1/3', { command: 'echo again' })).ended.rc).toBe(0)
      await stopWorker(worker)
    } finally {
      sh(`umount '${disk}'`)
      rmSync(disk, { recursive: true })
    }
  })
})
