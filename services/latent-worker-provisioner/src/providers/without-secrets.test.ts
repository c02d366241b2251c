import { ProviderError } from '@yardmaster/providers'
import { expect, test } from 'vitest'
import { failureOf } from '../do/failures.js'
import { Cloud } from '../testing/cloud.js'
import { withoutSecrets } from './without-secrets.js'

const { signal } = new AbortController()
const label = { installation: 'i', worker: 'w', attempt: 1 }
const cloud = new Cloud()
const provider = withoutSecrets(cloud, ['ucat_SECRET'])

test.each([
  ['a failure of a class', new ProviderError('GET https://ucat_SECRET@cloud: 401', { failureClass: 'alert', code: 'NO', retryAfterMs: 7 }), { class: 'alert', message: 'NO: GET https://***@cloud: 401', mayHaveHappened: false, retryAfterMs: 7 }],
  ['any failure', new Error('token ucat_SECRET'), { class: 'retry', message: 'token ***', mayHaveHappened: true, retryAfterMs: null }],
  ['one without a secret', new ProviderError('full', { failureClass: 'elsewhere' }), { class: 'elsewhere', message: 'full', mayHaveHappened: false, retryAfterMs: null }],
])('%s is told without the secrets of its account', async (_name, error, expected) => {
  for (const call of ['list', 'get', 'remove'] as const) cloud.fail({ call, error })
  const calls = [() => provider.list('i', signal), () => provider.get('m1', signal), () => provider.remove({ id: 'm1', label, storages: [] }, signal)]
  for (const call of calls) expect(failureOf(await call().catch((thrown: unknown) => thrown))).toEqual(expected)
})

test('what is answered stays as it is', async () => {
  const machine = cloud.put(label)
  expect(await provider.get(machine.id, signal)).toBe(machine)
  expect([provider.price, provider.close]).toEqual([undefined, undefined])
})
