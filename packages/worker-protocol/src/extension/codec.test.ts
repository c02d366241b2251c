import { Packr } from 'msgpackr'
import { describe, expect, test } from 'vitest'
import { decodeEngineMessage, decodeWorkerMessage, encode } from './codec.js'
import { ProtocolError } from '../msgpack.js'
import type { EngineMessage } from './engine-messages.js'
import { fingerprint } from './fingerprint.js'
import type { WorkerMessage } from './worker-messages.js'

const shell = {
  argv: ['make', 'test'], env: { A: '1', B: null }, workdir: 'build', timeout: 1200, maxTime: null, sigtermTime: null,
  logfiles: { test: { filename: 'test.log', follow: true } }, usePTY: false, logEnviron: true, initialStdin: null,
}

const fromWorker: WorkerMessage[] = [
  {
    type: 'hello', protocol: 1, process: '6f6a2c1e-8f5e-4d53-9d9b-0c5f1a2b3c4d', version: '0.1.0',
    info: { platform: 'linux', arch: 'x64', cores: 2, memoryBytes: 2 ** 40, diskFreeBytes: 5e12, load1: 0.5, hostname: 'h', basedir: '/b' },
    held: [{ command: 'i/1/2/3', state: 'lost', lastSeq: 0 }],
  },
  { type: 'output', command: 'i/1/2/3', seq: 1, log: 'stdio', lines: 2, content: Buffer.from('oé\nex\n') },
  { type: 'ended', command: 'i/1/2/3', seq: 2, rc: -1, failureReason: 'timeout', elapsed: 1.25, result: ['a', { b: null }] },
  { type: 'pong', n: 7 },
  { type: 'status', load1: 0, diskFreeBytes: 1, memoryFreeBytes: 2 },
  { type: 'goodbye', why: 'SIGTERM' },
]

const fromEngine: EngineMessage[] = [
  { type: 'welcome', installation: 'i', session: 3, keepaliveMs: 10_000, busyMs: 2_000 },
  { type: 'decide', resume: [{ command: 'i/1/2/3', fromSeq: 0 }], forget: ['a'], kill: ['b'] },
  { type: 'start', command: 'i/1/2/3', kind: 'shell', args: shell },
  { type: 'start', command: 'i/1/2/4', kind: 'mkdir', args: { paths: ['x'] } },
  { type: 'interrupt', command: 'i/1/2/3', why: 'stopped' },
  { type: 'ack', command: 'i/1/2/3', seq: 9 },
  { type: 'ping', n: 7, nextMs: 2_000 },
  { type: 'shutdown', why: 'drain' },
  { type: 'print', message: 'hello' },
]

describe('messages survive the wire', () => {
  test.each(fromWorker.map(message => [message.type, message] as const))('%s', (_type, message) => {
    expect(decodeWorkerMessage(encode(message))).toEqual(message)
  })
  test.each(fromEngine.map(message => [message.type, message] as const))('%s', (_type, message) => {
    expect(decodeEngineMessage(encode(message))).toEqual(message)
  })
})

describe('a bad message is refused and named', () => {
  const packr = new Packr({ useRecords: false })
  test.each([
    [{ type: 'pong', n: -1 }, /"pong": n: /],
    [{ type: 'output', command: 'a', seq: 1, log: 'stdio', lines: 0, content: Buffer.from('') }, /"output": lines: /],
    [{ type: 'output', command: 'a', seq: 1, log: 'stdio', lines: 1, content: 'text' }, /"output": content: /],
    [{ type: 'welcome' }, /type: expected one of hello, /],
    [{ type: 'toString' }, /type: expected one of /],
    [{}, /type: expected one of .* found undefined/],
    [[1], /expected a MessagePack map, found an array/],
  ])('%j', (value, message) => {
    expect(() => decodeWorkerMessage(packr.pack(value))).toThrow(ProtocolError)
    expect(() => decodeWorkerMessage(packr.pack(value))).toThrow(message)
  })

  test('bytes that are no MessagePack', () => {
    expect(() => decodeEngineMessage(Buffer.from([0xd9, 200, 1]))).toThrow(/not MessagePack/)
  })

  test('a shell command needs argv or command, not both', () => {
    const both = packr.pack({ type: 'start', command: 'i/1', kind: 'shell', args: { ...shell, command: 'make' } })
    expect(() => decodeEngineMessage(both)).toThrow(/"start": args: needs exactly one of argv and command/)
  })

  test('the reason fits a close frame, whatever is in it', () => {
    expect(Buffer.byteLength(new ProtocolError('ü'.repeat(500)).reason)).toBeLessThanOrEqual(123)
  })
})

test('a fingerprint depends on what a command is, not on the order of its keys', () => {
  const one = fingerprint({ kind: 'shell', args: shell })
  const { argv, ...rest } = shell
  expect(fingerprint({ args: { ...rest, argv }, kind: 'shell' })).toBe(one)
  expect(fingerprint({ kind: 'shell', args: { ...shell, argv: undefined, command: 'make test' } })).not.toBe(one)
  expect(one).toMatch(/^[0-9a-f]{64}$/)
})
