import type { AuthConfig } from '@yardmaster/domain'
import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { expect, it } from 'vitest'
import { openLookUps } from './look-ups.js'
import { perAddress } from './per-address.js'
import { SignInRefused } from './www-of.js'

const request = new IncomingMessage(new Socket())
const limit = (points: number) => perAddress({ points, seconds: 3_600, what: 'tries' })
const nobody = () => Promise.resolve(null)

it('what is nobody\'s is not looked for again for some seconds, unless people sign in otherwise by then', async () => {
  let [now, auth]: [number, AuthConfig] = [0, { kind: 'users', users: {} }]
  let looks = 0
  const lookUps = openLookUps({ clock: { monotonic: () => now }, auth: () => auth }, limit(100))
  const find = () => lookUps.find(request, 'a', () => { looks++; return nobody() })
  await find()
  expect([await find(), looks]).toEqual([null, 1])
  now = 5_001
  await find()
  expect(looks).toBe(2)
  auth = { kind: 'users', users: {} }
  await find()
  expect(looks).toBe(3)
})

it('of one address so many are looked for in vain, also at the same time; those that are somebody\'s go on', async () => {
  const lookUps = openLookUps({ clock: { monotonic: () => 0 }, auth: () => ({ kind: 'none', anywhere: false }) }, limit(4))
  expect(await lookUps.find(request, 'mine', () => Promise.resolve('ann'))).toBe('ann')
  let looks = 0
  const tries = await Promise.allSettled(Array.from({ length: 10 }, (_, at) => lookUps.find(request, `bogus ${at}`, () => { looks++; return nobody() })))
  expect([looks, tries.filter(({ status }) => status === 'rejected').length]).toEqual([4, 6])
  expect(tries.at(-1)).toMatchObject({ reason: expect.any(SignInRefused) })
  expect(await lookUps.find(request, 'mine', () => Promise.resolve('ann'))).toBe('ann')
  await expect(lookUps.find(request, 'yours', () => Promise.resolve('bob'))).rejects.toMatchObject({ status: 429, retryAfterSeconds: expect.any(Number) })
})
