import { mkdtempSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Journal } from './journal.js'
import { Outbox } from './outbox.js'
import { SharedRoom } from './shared-room.js'

let folder: string
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'yard-journal-')) })
afterEach(() => rmSync(folder, { recursive: true }))

describe('journal', () => {
  test('tells what an earlier process left, and forgets what was removed', () => {
    const process = { pid: 42, startTicks: '1234', boot: 'b' }
    const journal = new Journal(folder)
    journal.begin('i/1/1/1')
    journal.begin('i/1/1/2')
    journal.begin('i/1/1/3')
    journal.spawned('i/1/1/2', process)
    journal.keep('i/1/1/2', 7, Buffer.from('x'))
    journal.remove('i/1/1/3')
    const found = new Journal(folder).leftovers().sort((a, b) => a.command.localeCompare(b.command))
    expect(found).toEqual([{ command: 'i/1/1/1', process: null }, { command: 'i/1/1/2', process }])
    expect(readdirSync(folder).filter(name => name.endsWith('.unsent'))).toEqual([])
  })

  test('a line that was cut off by the crash is no line', () => {
    const journal = new Journal(folder)
    journal.begin('i/1/1/1')
    journal.spawned('i/1/1/1', { pid: 42, startTicks: '1234', boot: 'b' })
    const file = join(folder, readdirSync(folder)[0] as string)
    truncateSync(file, statSync(file).size - 5)
    expect(new Journal(folder).leftovers()).toEqual([{ command: 'i/1/1/1', process: null }])
    truncateSync(file, 8)
    expect(new Journal(folder).leftovers()).toEqual([])
  })

  test('is for its owner only', () => {
    const journal = new Journal(join(folder, 'journal'))
    journal.begin('i/1/1/1')
    expect(statSync(join(folder, 'journal')).mode & 0o777).toBe(0o700)
    expect(statSync(join(folder, 'journal', readdirSync(join(folder, 'journal'))[0] as string)).mode & 0o777).toBe(0o600)
  })
})

describe('outbox', () => {
  const fill = (outbox: Outbox, count: number) => {
    for (let n = 0; n < count; n++) outbox.add(seq => Buffer.from(`message ${String(seq).padStart(3, '0')}`), () => {})
  }
  const takeAll = (outbox: Outbox) => {
    const taken: number[] = []
    for (let bytes = outbox.take(); bytes !== null; bytes = outbox.take()) taken.push(Number(bytes.toString().slice(8)))
    return taken
  }
  const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index)
  const files = () => readdirSync(folder, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile()).length

  test('gives every message once per connection, from memory and from disk alike', () => {
    const outbox = new Outbox('c', new Journal(folder), { memoryBytes: 55, totalBytes: 1000 })
    fill(outbox, 20)
    expect(files()).toBe(15)
    expect(takeAll(outbox)).toEqual(range(1, 20))
    expect(outbox.take()).toBeNull()
    outbox.rewind(3)
    expect(takeAll(outbox)).toEqual(range(4, 20))
    outbox.ack(18)
    outbox.rewind(0)
    expect(takeAll(outbox)).toEqual([19, 20])
    outbox.ack(99)
    expect(outbox.lastSeq).toBe(20)
    expect(files()).toBe(0)
    fill(outbox, 2)
    expect(takeAll(outbox)).toEqual([21, 22])
  })

  test('is full at its bound, and tells when there is room again', async () => {
    const outbox = new Outbox('c', new Journal(folder), { memoryBytes: 55, totalBytes: 110 })
    fill(outbox, 10)
    expect(outbox.full).toBe(true)
    let room = false
    const waiting = outbox.room().then(() => { room = true })
    outbox.ack(1)
    await Promise.resolve()
    expect(room).toBe(false)
    outbox.ack(3)
    await waiting
    await outbox.room()
  })

  test('what all commands keep together is bounded, and the room of one is the room of all', async () => {
    const shared = new SharedRoom({ memoryBytes: 44, totalBytes: 99 })
    const [one, two] = ['one', 'two'].map(name => new Outbox(name, new Journal(folder), { memoryBytes: 1000, totalBytes: 1000 }, shared)) as [Outbox, Outbox]
    fill(one, 4)
    expect(one.full).toBe(false)
    expect(files()).toBe(0)
    fill(two, 5)
    expect([one.full, two.full]).toEqual([true, true])
    expect(files()).toBe(5)
    let goes = false
    const room = two.room().then(() => { goes = true })
    one.ack(1)
    await Promise.resolve()
    expect(goes).toBe(false)
    one.ack(4)
    await room
    expect(takeAll(two)).toEqual(range(1, 5))
    two.discard()
    expect(files()).toBe(0)
  })
})
