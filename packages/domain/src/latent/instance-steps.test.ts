import { expect, test } from 'vitest'
import { deathOf, type HealthFacts } from './instance-health.js'
import { instanceStep, type StepFacts } from './instance-steps.js'

const fresh: StepFacts = { gone: false, operation: null, machine: false, unsure: false, desired: 'running' }

test.each<[string, Partial<StepFacts>, string]>([
  ['wanted, never asked for', {}, 'create'],
  ['being asked for', { operation: 'create' }, 'none'],
  ['being asked for, and not wanted any more', { operation: 'create', desired: 'gone' }, 'none'],
  ['asked for, answer lost', { unsure: true }, 'look'],
  ['asked for, answer lost, and not wanted any more', { unsure: true, desired: 'gone' }, 'look'],
  ['there', { machine: true }, 'watch'],
  ['there, not wanted', { machine: true, desired: 'gone' }, 'remove'],
  ['being removed', { machine: true, desired: 'gone', operation: 'remove' }, 'none'],
  ['not wanted before anybody asked', { desired: 'gone' }, 'close'],
  ['over', { gone: true, desired: 'gone', machine: true }, 'none'],
])('%s', (_what, facts, step) => {
  expect(instanceStep({ ...fresh, ...facts })).toBe(step)
})

const booting: HealthFacts = { observed: 'running', observedFor: 30, everConnected: false, connected: false, awaitedFor: 30, missingTimeout: 60, detail: 'started' }
const ready: HealthFacts = { ...booting, everConnected: true, connected: true, awaitedFor: 900 }

test.each<[string, HealthFacts, string | null]>([
  ['booting', booting, null],
  ['ready for long', ready, null],
  ['its worker does not come', { ...booting, awaitedFor: 60 }, 'its worker did not connect within 60 s'],
  ['its worker was away for too long', { ...ready, connected: false, awaitedFor: 61 }, 'its worker did not connect again within 60 s'],
  ['its worker is away for a moment', { ...ready, connected: false, awaitedFor: 10 }, null],
  ['absent for a moment: it may only just have been made', { ...booting, observed: 'absent', observedFor: 1, detail: null }, null],
  ['absent', { ...booting, observed: 'absent', observedFor: 4, detail: 'started' }, 'the machine is not there any more before its worker connected'],
  ['absent, though a connection seems to live', { ...ready, observed: 'absent', observedFor: 4 }, 'the machine is not there any more'],
  ['stopped', { ...ready, observed: 'stopped', observedFor: 12, detail: 'stopped' }, 'the machine stopped'],
  ['stopped just now', { ...ready, observed: 'stopped', observedFor: 2 }, null],
  ['in error for a while: it heals by itself', { ...booting, observed: 'error', observedFor: 30, detail: 'error' }, null],
  ['in error for long', { ...booting, observed: 'error', observedFor: 61, detail: 'error' }, 'the machine is in error for 61 s before its worker connected'],
  ['in error, and its worker works', { ...ready, observed: 'error', observedFor: 600 }, null],
  ['stuck while starting', { ...booting, observed: 'starting', observedFor: 60, awaitedFor: 60, detail: 'maintenance' }, 'its worker did not connect within 60 s'],
])('%s', (_what, facts, reason) => {
  expect(deathOf(facts)).toBe(reason)
})
