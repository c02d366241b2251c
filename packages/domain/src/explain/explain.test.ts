import { describe, expect, test } from 'vitest'
import type { WorkerView } from '../worker-matching.js'
import { expectedStart, remaining, spanText } from './estimate.js'
import { explainRequest, requestSentences, type ExplainedWorker, type RequestFacts } from './explain-request.js'

const usual = { p50: 100, p90: 200 }

test.each([[0, { from: 100, to: 200 }], [150, { from: 0, to: 50 }], [250, { from: 0, to: null }]])('what has run for %d s ends', (elapsed, expected) => {
  expect(remaining(usual, elapsed)).toEqual(expected)
})

describe('a request starts', () => {
  const at = (from: number, to: number | null = from) => ({ from, to })
  test.each<[string, Parameters<typeof expectedStart>[0], ReturnType<typeof expectedStart>]>([
    ['at the first place', { places: [at(50, 80), at(10, 20)], unknown: 0, ahead: 0, duration: null }, at(10, 20)],
    ['after one ahead: at the second place', { places: [at(50, 80), at(10, 20)], unknown: 0, ahead: 1, duration: usual }, at(50, 80)],
    ['after three ahead: when the places are free again', { places: [at(50, 80), at(10, 20)], unknown: 0, ahead: 3, duration: usual }, at(150, 280)],
    ['nobody knows when, behind builds of which none has ended yet', { places: [at(10)], unknown: 0, ahead: 1, duration: null }, null],
    ['nobody knows when, without a place', { places: [], unknown: 3, ahead: 0, duration: usual }, null],
    ['at the latest nobody knows, where a place is open', { places: [at(10, null), at(60, 90)], unknown: 0, ahead: 0, duration: usual }, at(10, null)],
  ])('%s', (_, line, expected) => {
    expect(expectedStart(line)).toEqual(expected)
  })
})

test.each([[0, 0, 'within seconds'], [0, 60, 'within 60 s'], [180, 420, 'in 3 min to 7 min'], [120, 125, 'in about 2 min'], [300, null, 'in 5 min at the earliest'], [0, null, 'at any time'], [5400, 9000, 'in 1.5 h to 2.5 h']])('%s to %s is told as %s', (from, to, text) => {
  expect(spanText({ from, to })).toBe(text)
})

const view = (name: string, more: Partial<WorkerView> = {}): WorkerView => ({ name, labels: {}, maxBuilds: 1, capacity: null, unavailable: null, building: [], ...more })
const free = (name: string, more: Partial<WorkerView> = {}): ExplainedWorker => ({ view: view(name, more), availableIn: null, running: [] })
const busy = (name: string, elapsed: number): ExplainedWorker => ({
  view: view(name, { building: [{ builder: 'other', units: 1 }] }), availableIn: null, running: [{ id: 1, builder: 'other', builderKey: 'other', number: 3, elapsed, usual }],
})
const builder = { name: 'b', key: 'b', active: true, units: 1, workers: ['w1', 'w2'], workerLabels: null, usual, maxPending: null, noWorker: null }
const facts = (more: Partial<RequestFacts> = {}): RequestFacts => ({
  hold: null, waitsFor: null, notBefore: null, onlyWorker: null, builder, ahead: 0, aheadOfOthers: 0, waiting: 1, engines: 1, workers: [free('w1')], pools: new Map(), problems: [], locks: [], parent: null, ...more })

test.each<[string, RequestFacts, string[], { from: number; to: number | null } | null]>([
  ['nothing in its way', facts(), [], { from: 0, to: 0 }],
  ['undecided', facts({ hold: 'collapse' }), ['undecided'], { from: 0, to: 0 }],
  ['held', facts({ hold: 'worker', waitsFor: 'somebody to release it: no worker' }), ['held'], null],
  ['its builder is gone', facts({ builder: { ...builder, active: false } }), ['inactive'], null],
  ['no engine', facts({ engines: 0 }), ['engine'], null],
  ['put off', facts({ notBefore: 90, waitsFor: 'at night' }), ['put-off'], { from: 90, to: 90 }],
  ['a lock', facts({ waitsFor: 'lock db held by build x/1', locks: [{ lock: 'db', build: { id: 9, builder: 'x', builderKey: 'x', number: 1, elapsed: 40, usual } }] }), ['lock'], { from: 60, to: 160 }],
  ['all busy', facts({ workers: [busy('w1', 40), busy('w2', 90)] }), ['worker'], { from: 10, to: 110 }],
  ['one in quarantine', facts({ workers: [{ view: view('w1', { unavailable: 'is in quarantine' }), availableIn: 30, running: [] }] }), ['worker'], { from: 30, to: 30 }],
  ['not connected', facts({ workers: [free('w1', { unavailable: 'is not connected' })], builder: { ...builder, noWorker: { in: 120, action: 'fail' } } }), ['worker'], null],
  ['a machine that starts', facts({ workers: [free('w1', { unavailable: 'has a machine that is starting for 20 s', machine: { state: 'booting', age: 20, spent: null, pool: 'p' } })], pools: new Map([['p', { boot: { p50: 60, p90: 90 }, obstacle: null }]]) }), ['worker'], { from: 40, to: 70 }],
  ['a machine to be started', facts({ workers: [free('w1', { unavailable: 'has no machine', machine: { state: null, age: 0, spent: null, pool: 'p' } })], pools: new Map([['p', { boot: { p50: 60, p90: 90 }, obstacle: null }]]) }), ['worker'], { from: 60, to: 90 }],
  ['a pool that is paused', facts({ workers: [free('w1', { unavailable: 'has no machine', machine: { state: null, age: 0, spent: null, pool: 'p' } })], pools: new Map([['p', { boot: { p50: 60, p90: 90 }, obstacle: 'It is paused.' }]]) }), ['worker'], null],
  ['for another worker alone', facts({ onlyWorker: 'w2' }), ['worker'], null],
  ['others first', facts({ ahead: 1, aheadOfOthers: 2, waiting: 2, builder: { ...builder, maxPending: 2 }, parent: 'p/4' }), ['queue', 'queue', 'limit', 'parent'], { from: 300, to: 600 }],
])('%s', (_, of, kinds, span) => {
  const explained = explainRequest(of)
  expect(explained.reasons.map(reason => reason.kind)).toEqual(kinds)
  expect(explained.estimate.span).toEqual(span)
})

test('in sentences', () => {
  expect(requestSentences(explainRequest(facts({ workers: [busy('w1', 40), free('w2', { unavailable: 'is paused (disk)' })], ahead: 1, waiting: 2 })))).toEqual([
    'None of its 2 workers has a place for it.', '1 request of its builder is ahead of it.', 'Worker w1 is busy; it may have a place in 60 s to 3 min.', 'Worker w2 is paused (disk).',
    'It is expected to start in 3 min at the earliest, as builds and machines went so far.'])
})

test('what is held is not said to be held later', () => {
  const sentences = requestSentences(explainRequest(facts({ hold: 'worker', workers: [free('w1', { unavailable: 'is not connected' })], builder: { ...builder, noWorker: { in: 1, action: 'hold' } } })))
  expect(sentences.join(' ')).not.toContain('unless one comes')
})
