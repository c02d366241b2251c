import { systemClock } from '../clock.js'
import { ReplicaBuried, runProcess } from '../lifecycle.js'
import { createLogger } from '../logger.js'

/** A service for the lifecycle's tests: what it does is its first argument. */
const behaviour = process.argv[2] ?? 'serve'
const clock = systemClock()

const behaviours: { [name: string]: () => void | Promise<void> } = {
  serve() {},
  'fail-to-start': () => Promise.reject(new Error('no database')),
  throw: () => void clock.setTimeout(() => { throw new Error('a bug') }, 1),
  reject: () => void clock.setTimeout(() => void Promise.reject(new Error('a bug')), 1),
  buried: () => void clock.setTimeout(() => void Promise.reject(new ReplicaBuried(3)), 1),
}

runProcess({
  name: 'test',
  clock,
  logger: createLogger({ name: 'test', level: 'debug' }),
  async start(lifecycle) {
    // Keeps the process alive as a listening socket would.
    const cancel = clock.setTimeout(() => {}, 60_000)
    lifecycle.onStop('database', cancel)
    // As when a wrapper passes on what a terminal has sent to all: the same wish once more.
    const again = () => { if (behaviour === 'slow') process.emit('SIGTERM', 'SIGTERM') }
    lifecycle.onStop('stuck', () => { again(); return new Promise(() => {}) }, { deadlineMs: behaviour === 'slow' ? 60_000 : 20 })
    lifecycle.onStop('broken', () => { throw new Error('cannot close') })
    lifecycle.onStop('server', async () => {})
    await behaviours[behaviour]?.()
    lifecycle.ready({ port: 1 })
  },
})
