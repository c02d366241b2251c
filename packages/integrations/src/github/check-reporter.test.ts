import { CANCELLED, FAILURE, SUCCESS, type Json, type Message, type Report, type ReportedStep } from '@yardmaster/domain'
import { manualClock, systemClock, type Clock } from '@yardmaster/runtime'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { appPrivateKey, codeHostBenches, type CodeHostBench } from '../testing/code-host-bench.js'
import { composing, sending, testGenerator, testReport } from '../testing/compose.js'
import type { FakeGithub } from '../testing/github.js'
import { githubChecksDriver } from './check-reporter.js'

const sha = 'a'.repeat(40)
const clock = systemClock()
let bench: CodeHostBench & { host: FakeGithub }
beforeEach(async () => { bench = await codeHostBenches['githubChecks']!(() => Math.floor(clock.now() / 1_000)) as typeof bench })
afterEach(() => bench.host.close())

const runs = () => bench.host.repositories.get('owner/repo')?.checkRuns ?? []
const compose = (report: Report, options: Parameters<typeof composing>[1] = {}): Promise<Message[]> => githubChecksDriver.compose(report, bench.reporter, composing(report, options))
async function send(message: Message | undefined, { logs = {}, at = clock }: { logs?: { [logid: number]: string }; at?: Clock } = {}) {
  const context = sending(bench.reporter, { clock: at, signal: new AbortController().signal, secrets: bench.secrets })
  return githubChecksDriver.send(message!, bench.reporter, { ...context, log: async logid => logs[logid] ?? null })
}
const tell = async (report: Report): Promise<void> => { for (const message of await compose(report)) await send(message) }

const step = (name: string, results: 0 | 2, logid: number): ReportedStep => ({
  stepid: logid, number: 0, name, state_string: `${name} did`, started_at: 995, complete_at: 999, results, urls: [],
  logs: [{ logid, name: 'stdio', slug: 'stdio', type: 's', num_lines: 2, url: `http://yard.example.org/logs/${logid}` }],
})
const failed = (): Report => {
  const report = testReport('finished', { results: FAILURE })
  return { ...report, build: report.build && { ...report.build, steps: [step('compile', 0, 1), step('test', 2, 2)] } }
}

test('a build is one check run from its request to its end', async () => {
  for (const [event, status, conclusion] of [['requested', 'queued', null], ['started', 'in_progress', null], ['finished', 'completed', 'success']] as const) {
    await tell(testReport(event, { results: SUCCESS }))
    expect(runs()).toMatchObject([{ name: 'buildbot/hello', head_sha: sha, status, conclusion, app: 'yard', external_id: 'http://yard.example.org/buildrequests/9' }])
  }
  await tell(testReport('cancelled', { results: CANCELLED }))
  expect(runs()).toMatchObject([{ status: 'completed', conclusion: 'cancelled' }])
})

test('what failed is told with the end of its log, whatever is in it', async () => {
  const log = `${Array.from({ length: 100 }, (_, line) => `line ${line}`).join('\n')}\n\`\`\`\nend`
  const [message] = await compose(failed())
  expect(JSON.stringify(message)).not.toContain('line 99')
  await send(message, { logs: { 2: log } })
  const [run] = runs()
  expect(run?.output.title).toBe('Build done. (failure)')
  expect(run?.output.summary).toContain('### test: test did')
  expect(run?.output.summary).toContain('\n````\nline 62\n')
  expect(run?.output.summary).toContain('line 99\n```\nend\n````')
  expect(run?.output.summary).not.toContain('line 61')
  expect(run?.output.summary).not.toContain('compile')
})

test('all annotations arrive once, though GitHub takes 50 at a time and an answer is lost', async () => {
  const annotations: Json[] = Array.from({ length: 120 }, (_, line) => ({ path: 'a.c', start_line: line + 1, end_line: line + 1, annotation_level: 'failure', message: `no ${line}` }))
  bench.reporter.options['annotations'] = { $fn: 'annotations' }
  const [message] = await compose(failed(), { functions: { annotations: () => annotations } })
  let writes = 0
  bench.host.setMishaps(({ method }) => (method !== 'GET' && ++writes === 3 ? { act: 'lost' } : null))
  await expect(send(message)).rejects.toMatchObject({ outcome: 'unknown' })
  await send(message)
  expect(runs()[0]?.output.annotations).toEqual(annotations)
  expect(await compose(testReport('started'), { generator: testGenerator(), functions: {} })).toMatchObject([{ payload: { body: { annotations: [] } } }])
})

test('a function for annotations that fails costs the annotations, not the check', async () => {
  bench.reporter.options['annotations'] = { $fn: 'broken' }
  await expect(compose(failed())).rejects.toThrow('there is no function broken')
  expect(await compose(failed(), { remark: 'it is broken' })).toMatchObject([{ payload: { body: { conclusion: 'failure', annotations: [], title: 'Build done. (it is broken) (failure)' } } }])
})

test('an app\'s token is asked for once, again shortly before it ends, and when it is not taken any more', async () => {
  const app = bench.host.apps.get('17')!
  const at = manualClock(clock.now())
  app.now = () => Math.floor(at.now() / 1_000)
  app.tokensGiven = 0
  const [message] = await compose(testReport('started'))
  await send(message, { at })
  await send(message, { at })
  expect(app.tokensGiven).toBe(1)
  await at.advance(54 * 60_000)
  await send(message, { at })
  expect(app.tokensGiven).toBe(1)
  await at.advance(2 * 60_000)
  await send(message, { at })
  expect(app.tokensGiven).toBe(2)
  bench.host.tokens.clear()
  await send(message, { at })
  expect(app.tokensGiven).toBe(3)
})

test('a key or an app that is wrong is tried again, since somebody may mend it, and never told', async () => {
  const [message] = await compose(testReport('started'))
  const key = bench.secrets['key']
  bench.secrets['key'] = 'no key'
  await expect(send(message)).rejects.toMatchObject({ outcome: 'again', message: expect.stringContaining('the private key of GitHub App 17 cannot be used') })
  bench.secrets['key'] = key ?? ''
  bench.reporter.options['app'] = { appId: 18, privateKey: { $secret: 'key' }, installationId: null }
  await expect(send(message)).rejects.toMatchObject({ outcome: 'again', message: expect.stringContaining('could not be decoded') })
  bench.reporter.options['app'] = { appId: 17, privateKey: { $secret: 'key' }, installationId: 77 }
  await expect(send(message)).rejects.toMatchObject({ outcome: 'refused', message: expect.not.stringContaining(appPrivateKey) })
})

test('who is no app is told so', async () => {
  bench.reporter.options['app'] = null
  bench.reporter.options['token'] = { $secret: 'token' }
  const [message] = await compose(testReport('started'))
  await expect(send(message)).rejects.toMatchObject({ outcome: 'refused', message: expect.stringContaining('You must authenticate via a GitHub App') })
})
