import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomFillSync } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { linesOf, startWorker, stopWorker, TestEngine, type WorkerProcess } from './testing/test-engine.js'

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

test('a file is sent as it is, whatever is in it', async () => {
  expect((await engine.hello()).can).toEqual(['upload'])
  const bytes = randomFillSync(Buffer.alloc(1_000_003))
  mkdirSync(join(basedir, 'b'))
  writeFileSync(join(basedir, 'b/file'), bytes)
  const { ended, content } = await engine.upload(id(), { path: 'b/file', maxBytes: bytes.length })
  expect(ended).toMatchObject({ rc: 0, failureReason: null })
  expect(content.equals(bytes)).toBe(true)
})

test('an empty file is nothing and its end', async () => {
  writeFileSync(join(basedir, 'empty'), '')
  expect(await engine.upload(id(), { path: 'empty', maxBytes: 1 })).toMatchObject({ ended: { rc: 0, seq: 1 }, content: Buffer.alloc(0) })
})

test.each([
  ['what is not there', 'absent', constants.errno.ENOENT, /absent/],
  ['a folder', '.', constants.errno.EISDIR, /is no file/],
  ['what is too large', 'b/file', constants.errno.EFBIG, /more than the 10 bytes/],
])('%s ends with the reason', async (_what, path, rc, why) => {
  const done = await engine.upload(id(), { path, maxBytes: 10 })
  expect(done.ended).toMatchObject({ rc, failureReason: null })
  expect(linesOf(done, 'h').at(-1)).toMatch(why)
  expect(done.content.length).toBeLessThanOrEqual(10)
})
