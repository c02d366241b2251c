import { beforeEach, expect, it } from 'vitest'
import { Message } from './message.js'
import { Outlet } from './outlet.js'

let buffered: number
let written: string[]
let outlet: Outlet
beforeEach(() => {
  [buffered, written] = [0, []]
  outlet = new Outlet({ write: ({ path, state }) => { written.push(`${path} ${state}`) }, buffered: () => buffered, cork: () => written.push('['), uncork: () => written.push(']') })
})

const send = (path: string, state = '1') => outlet.send(new Message(path, state, `7:${written.length}`))

it('a run goes out together', () => {
  send('builds/1/new')
  send('builds/2/new')
  outlet.flush()
  expect(written).toEqual(['[', 'builds/1/new 1', 'builds/2/new 1', ']'])
})

it('while the client does not take it, the newer state of a row replaces the one that waits; the place is that of what was written', () => {
  send('builds/1/update')
  outlet.flush()
  buffered = 100_000
  for (const state of ['2', '3']) {
    send('builds/1/update', state)
    send('builds/2/update', state)
    send('builds/1/update', `${state}b`)
  }
  outlet.flush()
  expect(written).toEqual(['[', 'builds/1/update 1', ']'])
  expect(outlet.place).toBe('7:0')
  buffered = 0
  outlet.drained()
  expect(written.slice(3)).toEqual(['[', 'builds/2/update 3', 'builds/1/update 3b', ']'])
  expect(outlet.isIdle).toBe(true)
})

it('what waits is bounded by its size, not by how much has gone through it', () => {
  buffered = 100_000
  const large = 'x'.repeat(400_000)
  for (let n = 0; n < 50; n++) expect(send('builds/1/update', large)).toBe(true)
  expect(send('builds/2/update', large)).toBe(true)
  expect(send('builds/3/update', large)).toBe(false)
})
