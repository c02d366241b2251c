import { CANCELLED, EXCEPTION, FAILURE, RETRY, SUCCESS, WARNINGS, type Message, type Report, type Result } from '@yardmaster/domain'
import { manualClock, systemClock } from '@yardmaster/runtime'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { reporterDriver } from '../reporter-drivers.js'
import { SendError } from '../send-error.js'
import { codeHostBenches, kindOf, type CodeHostBench } from '../testing/code-host-bench.js'
import { composing, sending, testReport, testStamp } from '../testing/compose.js'
import type { Mishap } from '../testing/fake-host.js'

// The same seed gives the same story: who is told what, and what goes wrong meanwhile.
function seeded(seed: number): (below: number) => number {
  let state = seed * 2_654_435_761 + 1
  return below => {
    state = (Math.imul(state ^ (state >>> 15), 2_246_822_507) + 3_266_489_909) >>> 0
    return (state >>> 8) % below
  }
}

const mishaps: Mishap[] = [
  { act: 'cut' }, { act: 'lost' }, { act: 'lost' }, { act: 'answer', status: 500, done: true }, { act: 'answer', status: 502, done: false },
  { act: 'answer', status: 429, done: false, headers: { 'retry-after': '1' } }, { act: 'answer', status: 403, done: false, headers: { 'retry-after': '1' }, body: { message: 'You have exceeded a secondary rate limit.' } },
]
const shas = ['a'.repeat(40), 'b'.repeat(40)]
const builders = ['linux', 'win 10 / x64', 'ünï']
const ends: Result[] = [SUCCESS, WARNINGS, FAILURE, EXCEPTION, CANCELLED]
const clock = systemClock()

describe.each(Object.keys(codeHostBenches))('%s', name => {
  let bench: CodeHostBench
  beforeEach(async () => { bench = await codeHostBenches[name]!(() => Math.floor(clock.now() / 1_000)) })
  afterEach(() => bench.host.close())
  const driver = reporterDriver(kindOf(name))
  const compose = (report: Report) => driver.compose(report, bench.reporter, composing(report))
  const send = (message: Message) => driver.send(message, bench.reporter, sending(bench.reporter, { clock, signal: new AbortController().signal, secrets: bench.secrets }))

  test.each([1, 2, 3, 4])('whatever goes wrong, in the end the host shows the truth (seed %i)', async seed => {
    const below = seeded(seed)
    bench.host.setMishaps(() => (below(3) === 0 ? mishaps[below(mishaps.length)]! : null))
    const waiting = new Map<string, Message>()
    const last = new Map<string, Message>()
    const stages = shas.flatMap(sha => builders.map(builderName => ({ sha, builderName, at: 0, request: 0 })))
    for (let step = 0; step < 120 || waiting.size > 0; step++) {
      const line = stages[below(stages.length)]!
      if (step < 120) for (const message of await compose(nextReport(line, below))) {
        waiting.set(message.subject, message)
        last.set(message.subject, message)
      }
      const subjects = [...waiting.keys()]
      const message = waiting.get(subjects[below(Math.max(1, subjects.length))] ?? '')
      if (!message) continue
      try {
        await send(message)
        if (waiting.get(message.subject) === message) waiting.delete(message.subject)
      } catch (error) {
        expect(error).toBeInstanceOf(SendError)
        expect([message.subject, (error as SendError).message, (error as SendError).outcome]).toEqual([message.subject, expect.any(String), expect.not.stringMatching('refused')])
      }
    }
    const told = [...last.values()].map(message => [message.subject, message.summary.split(' on ')[0]])
    expect(last.size).toBe(shas.length * builders.length)
    const shown = shas.flatMap(sha => Object.entries(bench.truth(sha)).map(([at, state]) => [`${sha} ${at}`, state]))
    const subjectOf = (subject: string) => subject.replace('owner/repo@', '').replace(' check ', ' ')
    expect(Object.fromEntries(shown)).toEqual(Object.fromEntries(told.map(([subject, state]) => [subjectOf(subject ?? ''), state])))
  })

  test('a wrong secret is told without telling it, and tried again', async () => {
    const [message] = await compose(testReport('finished'))
    const wrong = Object.fromEntries(Object.entries(bench.secrets).map(([key, value]) => [key, key === 'key' ? value : `wrong-${value}`]))
    bench.host.setMishaps(({ path }) => (path.includes('oauth2') ? null : { act: 'answer', status: 401, done: false, body: { message: `who is ${Object.values(wrong).join(', ')}?` } }))
    const error = await driver.send(message!, bench.reporter, sending(bench.reporter, { clock: manualClock(clock.now()), signal: new AbortController().signal, secrets: wrong })).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(SendError)
    for (const [key, value] of Object.entries(wrong)) if (key !== 'token' || !name.startsWith('githubChecks')) expect((error as SendError).message).not.toContain(value)
  })
})

/** A request goes on from asked for to begun to ended, or is tried again; then there is another. */
function nextReport(line: { sha: string; builderName: string; at: number; request: number }, below: (limit: number) => number): Report {
  const event = (['requested', 'started', 'finished'] as const)[line.at]!
  const results = ends[below(ends.length)]!
  const isLast = event === 'finished'
  line.at = isLast ? 0 : line.at + 1
  const request = line.request
  if (isLast) line.request++
  const report = testReport(event, { builderName: line.builderName, results, sourcestamps: [testStamp({ revision: line.sha })] })
  const url = `http://yard.example.org/buildrequests/${line.builderName}-${line.sha}-${request}`
  return { ...report, request: report.request && { ...report.request, url } }
}

/** What Buildbot 4 would show: reporters/github.py, gitlab.py, bitbucketserver.py, bitbucket.py and the Gitea plugin's reporter.py. */
test.each([
  ['githubStatus', 'buildbot/linux gcc/ä'],
  ['gitlabStatus', 'buildbot/linux gcc/ä'],
  ['giteaStatus', 'buildbot/linux gcc/ä'],
  ['bitbucketServerStatus (1.0)', 'linux gcc/ä'],
  ['bitbucketServerStatus (core)', 'linux gcc/ä'],
])('%s: the context is Buildbot\'s, byte by byte: %s', async (name, context) => {
  const bench = await codeHostBenches[name]!(() => 0)
  try {
    const driver = reporterDriver(kindOf(name))
    for (const event of ['requested', 'started', 'finished'] as const) {
      const report = testReport(event, { builderName: 'linux gcc/ä' })
      for (const message of await driver.compose(report, bench.reporter, composing(report))) await driver.send(message, bench.reporter, sending(bench.reporter, { clock, signal: new AbortController().signal, secrets: bench.secrets }))
      expect(Object.keys(bench.truth('a'.repeat(40))).map(shown => Buffer.from(shown).toString('hex'))).toEqual([Buffer.from(context).toString('hex')])
    }
  } finally {
    await bench.host.close()
  }
})

test('a build that is to be tried again is awaited still, wherever the host can say so', async () => {
  for (const [name, state] of [['githubStatus', 'pending'], ['githubChecks', 'queued'], ['giteaStatus', 'pending'], ['bitbucketStatus', 'INPROGRESS'], ['bitbucketServerStatus (1.0)', 'INPROGRESS']] as const) {
    const bench = await codeHostBenches[name]!(() => Math.floor(clock.now() / 1_000))
    const driver = reporterDriver(kindOf(name))
    for (const report of [testReport('started'), testReport('finished', { results: RETRY })]) {
      for (const message of await driver.compose(report, bench.reporter, composing(report))) await driver.send(message, bench.reporter, sending(bench.reporter, { clock, signal: new AbortController().signal, secrets: bench.secrets }))
    }
    expect([name, Object.values(bench.truth('a'.repeat(40)))]).toEqual([name, [state]])
    await bench.host.close()
  }
})
