import { createHash } from 'node:crypto'
import { EXCEPTION, FAILURE, SKIPPED, SUCCESS } from '@yardmaster/domain'
import { expect, test } from 'vitest'
import { until } from '../../../../test/kit/until.js'
import { begun, configured, end, ended, resumed, rows, started, stepText, takenOver } from '../testing/step-world.js'
import type { TestWorker } from '../testing/test-worker.js'

const send = (worker: TestWorker, command: string, seq: number, content: string | Buffer) => worker.send({ type: 'output', command, seq, log: 'content', lines: 1, content: Buffer.from(content) })
const artifacts = () => rows<{ name: string; size: number; sha256: string | null; days: number | null }>(
  `SELECT name, size::int, sha256, round(extract(epoch FROM expires_at - started_at) / 86400)::int AS days FROM artifacts ORDER BY id`)
const content = async () => Buffer.concat((await rows<{ content: Buffer }>('SELECT content FROM artifact_chunks ORDER BY artifact_id, at')).map(chunk => chunk.content))
const sha256 = (text: string | Buffer) => createHash('sha256').update(text).digest('hex')
const kept = (bytes: number) => until(`${bytes} bytes to be kept`, async () => (await artifacts()).at(-1)?.size === bytes)

test('a file of the worker becomes an artifact, with its digest and a link', async () => {
  await configured(`steps.fileUpload({ workersrc: 'dist/app.bin', masterdest: util.interpolate('app-%(prop:buildnumber)s.bin'), keep: '7d', maxsize: 1000 })`)
  const { worker } = await begun()
  const [command] = await started(worker) as [string]
  expect(worker.of('start')[0]).toMatchObject({ kind: 'upload', args: { path: 'b/build/dist/app.bin', maxBytes: 1000 } })
  const bytes = Buffer.from([0, 255, 10, 13, 0, 128])
  send(worker, command, 1, bytes)
  send(worker, command, 2, 'end')
  end(worker, command, 3)
  expect(await ended()).toMatchObject({ results: SUCCESS })
  const whole = Buffer.concat([bytes, Buffer.from('end')])
  expect(await artifacts()).toEqual([{ name: 'app-1.bin', size: 9, sha256: sha256(whole), days: 7 }])
  expect(await content()).toEqual(whole)
  expect(await rows('SELECT urls FROM steps')).toEqual([{ urls: [{ name: 'app-1.bin', url: 'http://yard/api/yard/v1/builds/1/artifacts/app-1.bin' }] }])
  expect(await stepText()).toBe('uploaded app-1.bin (9 bytes)')
})

test('an engine that dies in the middle of it: the next one goes on behind what is committed', async () => {
  await configured(`async ctx => { const { bytes, sha256 } = await ctx.upload('big', { name: 'sub/big', keep: null }); await ctx.setProperty('got', [bytes, sha256]) }`)
  const { engine, worker } = await begun()
  const [command] = await started(worker) as [string]
  send(worker, command, 1, 'first ')
  send(worker, command, 2, 'second ')
  await kept(13)
  const again = await takenOver(engine, [command])
  await resumed(again, 1)
  expect(again.of('decide').flatMap(({ resume }) => resume)).toEqual([{ command, fromSeq: 2 }])
  send(again, command, 3, 'third')
  end(again, command, 4)
  expect((await ended()).properties['got']![0]).toEqual([18, sha256('first second third')])
  expect(await artifacts()).toEqual([{ name: 'sub/big', size: 18, sha256: sha256('first second third'), days: null }])
  expect(String(await content())).toBe('first second third')
})

test('what the worker cannot send fails the step with its words, and is no whole artifact', async () => {
  await configured(`steps.fileUpload({ workersrc: 'absent' })`)
  const { worker } = await begun()
  const [command] = await started(worker) as [string]
  send(worker, command, 1, 'a beginning')
  worker.send({ type: 'output', command, seq: 2, log: 'stdio', lines: 1, content: Buffer.from('hupload: no such file\n') })
  end(worker, command, 3, 2)
  expect(await ended()).toMatchObject({ results: FAILURE })
  expect(await stepText()).toBe('not uploaded: upload: no such file')
  expect((await artifacts()).map(({ sha256: digest }) => digest)).toEqual([null])
})

test('a worker that sends more than it may fills no disk, and nothing is whole', async () => {
  await configured(`steps.fileUpload({ workersrc: 'f', maxsize: 10 })`)
  const { worker } = await begun()
  const [command] = await started(worker) as [string]
  for (const [index, piece] of ['', '', '12345678', '90ab', 'cdef', ''].entries()) send(worker, command, index + 1, piece)
  end(worker, command, 7)
  expect(await ended()).toMatchObject({ results: FAILURE })
  expect(await stepText()).toContain('more of build/f than the 10 bytes')
  expect(await artifacts()).toMatchObject([{ size: 11, sha256: null }])
})

test('patterns: each file that matches, by its name below the folder, and no folder; none is no failure', async () => {
  await configured(`steps.multipleFileUpload({ workersrcs: ['*.xml', 'x/**'], glob: true, masterdest: 'reports' }), steps.multipleFileUpload({ workersrcs: ['none*'], glob: true })`)
  const { worker } = await begun()
  const [FILE, FOLDER] = [0o100644, 0o040755]
  const answers: { [path: string]: (string | number)[] } = {
    'b/build/*.xml': ['b/build/a.xml', 'b/build/b.xml'], 'b/build/x/**': ['b/build/x', 'b/build/x/y'], 'b/build/none*': [],
    'b/build/a.xml': [FILE], 'b/build/b.xml': [FILE], 'b/build/x': [FOLDER], 'b/build/x/y': [FILE],
  }
  let answered = 0
  await until('the build to end', async () => {
    for (const start of worker.of('start').slice(answered)) {
      answered++
      if (start.kind === 'upload') send(worker, start.command, 1, 'content')
      const path = 'path' in start.args ? start.args.path : ''
      worker.send({ type: 'ended', command: start.command, seq: start.kind === 'upload' ? 2 : 1, rc: 0, failureReason: null, elapsed: 0, ...(start.kind !== 'upload' && { result: answers[path]! }) })
    }
    return (await rows('SELECT 1 FROM builds WHERE complete_at IS NOT NULL')).length > 0
  })
  expect((await artifacts()).map(({ name }) => name)).toEqual(['reports/a.xml', 'reports/b.xml', 'reports/x/y'])
  expect(await rows('SELECT results FROM steps ORDER BY number')).toEqual([{ results: SUCCESS }, { results: SKIPPED }])
})

test('a name that leads elsewhere is refused before the worker is asked', async () => {
  await configured(`steps.fileUpload({ workersrc: 'f', masterdest: '../up' })`)
  const { worker } = await begun()
  expect(await ended()).toMatchObject({ results: EXCEPTION })
  expect(await stepText()).toContain('an artifact cannot be named "../up"')
  expect(worker.of('start')).toEqual([])
})
