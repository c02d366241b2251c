import { expect, test } from 'vitest'
import { aConfiguration, aWorker } from '../../../../test/kit/installation.js'
import { authenticate, parseBasic } from './credentials.js'

const header = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`

test.each([
  [header('w1:pw'), { name: 'w1', password: 'pw' }],
  [header('w1:p:w'), { name: 'w1', password: 'p:w' }],
  [header('w1:'), { name: 'w1', password: '' }],
  [header(':pw'), null],
  [header('w1'), null],
  ['Bearer x', null],
  ['Basic %%%', null],
  [undefined, null],
])('%j is %j', (given, expected) => {
  expect(parseBasic(given)).toEqual(expected)
})

const configuration = aConfiguration({ workers: [
  aWorker('plain', { password: 'pw' }), aWorker('secret', { password: { $secret: 's' } }), aWorker('unset', { password: { $secret: 'absent' } }),
] })
const secrets = { get: (name: string) => (name === 's' ? 'hidden' : undefined) }

test.each([
  ['plain', 'pw', true],
  ['plain', 'PW', false],
  ['plain', '', false],
  ['secret', 'hidden', true],
  ['secret', 's', false],
  ['unset', '', false],
  ['nobody', '', false],
])('worker %s with password %j: %s', (name, password, welcome) => {
  expect(authenticate(configuration, secrets, { name, password }) !== null).toBe(welcome)
})
