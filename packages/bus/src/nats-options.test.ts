import { expect, test } from 'vitest'
import { natsOptions } from './nats-options.js'
import { subjectsOf } from './subjects.js'

test.each([
  ['nats://127.0.0.1:4333', { servers: ['127.0.0.1:4333'] }],
  ['nats://nats', { servers: ['nats:4222'] }],
  ['nats://yard:p%40ss@a:1,nats://b:2', { servers: ['a:1', 'b:2'], user: 'yard', pass: 'p@ss' }],
  ['tls://t0ken@nats.example.org', { servers: ['nats.example.org:4222'], token: 't0ken', tls: {} }],
])('%s', (url, expected) => {
  expect(natsOptions(url)).toEqual(expected)
})

test('an installation id cannot break subjects or stream names', () => {
  const subjects = subjectsOf('a-b.c d>*')
  expect([subjects.wake('requests'), subjects.events, subjects.stream]).toEqual(['yard.a-b_c_d__.wake.requests', 'yard.a-b_c_d__.events', 'YARD_a-b_c_d__'])
  expect(() => subjectsOf('')).toThrow('no id')
})
