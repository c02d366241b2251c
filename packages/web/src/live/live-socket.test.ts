import { beforeEach, describe, expect, test, vi } from 'vitest'
import type { Clock } from '../lib/clock.js'
import { LiveSocket } from './live-socket.js'

/** The far end of the connection, worked by hand. */
class FakeSocket {
  static readonly made: FakeSocket[] = []
  readonly sent: { cmd: string; path?: string; paths?: string[]; after?: string; _id: number }[] = []
  onopen: () => void = () => undefined
  onmessage: (event: { data: string }) => void = () => undefined
  onclose: (event: { code: number }) => void = () => undefined

  constructor() {
    FakeSocket.made.push(this)
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text))
  }

  close(code = 1006): void {
    this.onclose({ code })
  }

  say(message: object): void {
    this.onmessage({ data: JSON.stringify(message) })
  }

  confirmAll(more: { position?: string; resync?: boolean } = {}): void {
    for (const { _id } of this.sent) this.say({ msg: 'OK', code: 200, _id, ...more })
  }
}

class FakeClock implements Clock {
  private time = 0
  private timers: { at: number; run: () => void }[] = []

  now(): number {
    return this.time
  }

  setTimeout(run: () => void, ms: number): () => void {
    const timer = { at: this.time + ms, run }
    this.timers.push(timer)
    return () => { this.timers = this.timers.filter(other => other !== timer) }
  }

  advance(ms: number): void {
    this.time += ms
    const due = this.timers.filter(timer => timer.at <= this.time)
    this.timers = this.timers.filter(timer => timer.at > this.time)
    for (const timer of due) timer.run()
  }
}

function setUp(onDenied = (): void => undefined) {
  const clock = new FakeClock()
  const live = new LiveSocket({ url: 'ws://x/ws', clock, onDenied, random: () => 1, open: () => new FakeSocket() as unknown as WebSocket })
  live.connect()
  const socket = (): FakeSocket => FakeSocket.made.at(-1)!
  return { clock, live, socket }
}

beforeEach(() => { FakeSocket.made.length = 0 })

describe('subscriptions', () => {
  test('are asked for once per path, and given up with the last listener', () => {
    const { live, socket } = setUp()
    socket().onopen()
    const stopOne = live.subscribe(['builds/*/*'], { event: () => undefined })
    const stopTwo = live.subscribe(['builds/*/*', 'workers/*/*'], { event: () => undefined })
    stopOne()
    stopTwo()
    stopTwo()
    expect(socket().sent.map(({ cmd, path, paths = [path] }) => `${cmd} ${paths.join(' ')}`)).toEqual(['startConsuming builds/*/*', 'startConsuming workers/*/*', 'stopConsuming builds/*/*', 'stopConsuming workers/*/*'])
  })

  test('get the events of their paths, and are confirmed when all paths are', () => {
    const { live, socket } = setUp()
    const heard = vi.fn()
    const confirmed = vi.fn()
    live.subscribe(['builds/*/*'], { event: heard, confirmed })
    socket().onopen()
    live.subscribe(['builds/*/*', 'builds/7/steps/*/*'], { event: heard, confirmed })
    const [first, second] = socket().sent
    socket().say({ msg: 'OK', code: 200, _id: first?._id })
    expect(confirmed).toHaveBeenCalledTimes(1)
    socket().say({ msg: 'OK', code: 200, _id: second?._id })
    expect(confirmed).toHaveBeenCalledTimes(2)
    socket().say({ k: 'builds/7/steps/1/updated', m: { stepid: 1 } })
    socket().say({ k: 'workers/1/connected', m: {} })
    expect(heard.mock.calls).toEqual([[{ k: 'builds/7/steps/1/updated', m: { stepid: 1 } }]])
  })
})

describe('a lost connection', () => {
  test('is made again, later each time, and goes on where it was', () => {
    const { clock, live, socket } = setUp()
    const [confirmed, heard] = [vi.fn(), vi.fn()]
    const statuses: string[] = []
    live.onStatus(() => statuses.push(live.status))
    live.subscribe(['builds/*/*'], { event: heard, confirmed })
    socket().onopen()
    socket().confirmAll({ position: '7:1' })
    socket().say({ k: 'builds/7/new', m: {}, position: '7:2.1' })
    socket().close()
    clock.advance(999)
    expect(FakeSocket.made).toHaveLength(1)
    clock.advance(1)
    expect(FakeSocket.made).toHaveLength(2)
    socket().close()
    clock.advance(1_999)
    expect(FakeSocket.made).toHaveLength(2)
    clock.advance(1)
    socket().onopen()
    expect(socket().sent).toMatchObject([{ cmd: 'startConsuming', paths: ['builds/*/*'], after: '7:2.1', position: true }])
    socket().confirmAll({ position: '7:2.1', resync: false })
    socket().say({ k: 'builds/7/finished', m: {}, position: '7:3.1' })
    expect(heard.mock.calls.map(([event]) => event.k)).toEqual(['builds/7/new', 'builds/7/finished'])
    expect(confirmed).toHaveBeenCalledTimes(1)
    expect(statuses).toEqual(['live', 'reconnecting', 'live'])
  })

  test.each([['the server cannot go on there', { position: '9:1', resync: true }, '7:1'], ['no position is known', {}, undefined]])('when %s, all is confirmed anew', (_why, answer, position) => {
    const { clock, live, socket } = setUp()
    const confirmed = vi.fn()
    live.subscribe(['builds/*/*'], { event: () => undefined, confirmed })
    socket().onopen()
    socket().confirmAll(position === undefined ? {} : { position })
    socket().close()
    clock.advance(1_000)
    socket().onopen()
    socket().confirmAll(answer)
    expect(confirmed).toHaveBeenCalledTimes(2)
  })

  test('without a break, too, events may be missed: all is confirmed anew', () => {
    const { live, socket } = setUp()
    const confirmed = vi.fn()
    live.subscribe(['builds/*/*'], { event: () => undefined, confirmed })
    socket().onopen()
    socket().confirmAll({ position: '7:1' })
    socket().say({ msg: 'position', position: '7:2' })
    expect(confirmed).toHaveBeenCalledTimes(1)
    socket().say({ msg: 'resync', position: '8:1' })
    expect(confirmed).toHaveBeenCalledTimes(2)
  })

  test('is noticed soon by who comes back to the page', () => {
    const { clock, live, socket } = setUp()
    socket().onopen()
    live.connect()
    expect(socket().sent.at(-1)?.cmd).toBe('ping')
    clock.advance(4_000)
    expect(live.status).toBe('reconnecting')
  })

  test('is noticed as soon by who looks at the page again and again', () => {
    const { clock, live, socket } = setUp()
    socket().onopen()
    for (let n = 0; n < 4; n++) {
      live.connect()
      clock.advance(1_000)
    }
    expect(socket().sent.map(({ cmd }) => cmd)).toEqual(['ping'])
    expect(live.status).toBe('reconnecting')
  })

  test('is told when it was ended for want of a right, and only then', () => {
    const denied = vi.fn()
    const { clock, socket } = setUp(denied)
    socket().onopen()
    socket().close(1013)
    clock.advance(1_000)
    expect(denied).not.toHaveBeenCalled()
    socket().onopen()
    socket().close(1008)
    expect(denied).toHaveBeenCalledTimes(1)
    clock.advance(2_000)
    expect(FakeSocket.made).toHaveLength(3)
  })

  test('is noticed when the server no longer answers', () => {
    const { clock, live, socket } = setUp()
    socket().onopen()
    clock.advance(15_000)
    expect(socket().sent.at(-1)?.cmd).toBe('ping')
    socket().say({ msg: 'pong', code: 200, _id: socket().sent.at(-1)?._id })
    clock.advance(15_000)
    expect(live.status).toBe('live')
    clock.advance(10_000)
    expect(live.status).toBe('reconnecting')
  })
})
