import type { FollowOptions, LiveEvent } from '@yardmaster/rest'
import { FollowedPaths } from '@yardmaster/rest'
import { manualClock, systemRandom } from '@yardmaster/runtime'
import { expect, test } from 'vitest'
import { openNews, type Watch } from './news.js'

/** News of a stream that is worked by hand. */
function news() {
  const clock = manualClock()
  const abort = new AbortController()
  let options: FollowOptions | null = null
  let paths = new FollowedPaths()
  const stream = {
    event: (k: string) => options?.onEvent({ k, m: {} } satisfies LiveEvent), connected: (state: boolean) => options?.onConnected?.(state), resync: () => options?.onResync?.(),
    added: (path: string) => options?.onAdded?.(path), paths: () => paths.all, begun: () => options !== null,
  }
  const opened = openNews({
    clock, random: systemRandom(), signal: abort.signal,
    remote: { follow: (followed, given) => {
      if (followed instanceof FollowedPaths) paths = followed
      options = given
      return new Promise(() => undefined)
    } },
  })
  /** How often it was worth looking. */
  const counting = (watch: Watch) => {
    const seen = { looks: 0, ended: false }
    const look = async () => { for (;;) { await watch.next(); seen.looks += 1 } }
    look().catch(() => { seen.ended = true })
    return seen
  }
  return { clock, abort, stream, opened, counting }
}

test('while events come, nothing is asked but for them and an occasional look; each event concerns who watches its path', async () => {
  const { clock, stream, opened, counting } = news()
  expect(stream.begun()).toBe(false)
  const [one, other] = [counting(opened.watch('builds/7/*')), counting(opened.watch('builds/8/*', 'builds/8/steps/*/*'))]
  expect(stream.paths()).toEqual(['builds/7/*', 'builds/8/*', 'builds/8/steps/*/*'])
  stream.connected(true)
  await clock.advance(1)
  expect([one.looks, other.looks]).toEqual([1, 1])
  await clock.advance(4_000)
  expect([one.looks, other.looks]).toEqual([1, 1])
  stream.event('builds/8/steps/2/finished')
  await clock.advance(0)
  expect([one.looks, other.looks]).toEqual([1, 2])
  await clock.advance(5_200)
  expect([one.looks, other.looks]).toEqual([2, 3])
  await clock.advance(200)
  stream.resync()
  await clock.advance(0)
  expect([one.looks, other.looks]).toEqual([3, 4])
})

test('what happens between two looks is not missed, and a flood of events is no flood of looks', async () => {
  const { clock, stream, opened, counting } = news()
  const seen = counting(opened.watch('builds/7/*'))
  stream.connected(true)
  await clock.advance(1_000)
  const before = seen.looks
  for (let n = 0; n < 100; n++) {
    stream.event('builds/7/update')
    await clock.advance(10)
  }
  expect(seen.looks - before).toBeLessThanOrEqual(6)
  stream.event('builds/7/finished')
  await clock.advance(200)
  const after = seen.looks
  await clock.advance(1_000)
  expect(seen.looks).toBe(after)
})

test('without events it is asked from time to time, until there are some', async () => {
  const { clock, stream, opened, counting } = news()
  const seen = counting(opened.watch('builds/7/*'))
  await clock.advance(3_500)
  expect(seen.looks).toBe(3)
  stream.connected(true)
  await clock.advance(1)
  stream.connected(false)
  await clock.advance(200)
  const before = seen.looks
  await clock.advance(2_400)
  expect(seen.looks).toBe(before + 2)
})

test('paths come and go, one that two watch stays while one of them does, and the end is told', async () => {
  const { clock, abort, stream, opened, counting } = news()
  const [one, other] = [opened.watch('buildrequests/1/*'), opened.watch('builds/7/*')]
  const seen = counting(one)
  stream.connected(true)
  await clock.advance(1)
  one.add('builds/7/*')
  await clock.advance(300)
  stream.added('builds/7/*')
  await clock.advance(0)
  expect(seen.looks).toBe(2)
  other.close()
  expect(stream.paths()).toEqual(['buildrequests/1/*', 'builds/7/*'])
  one.remove('builds/7/*')
  expect(stream.paths()).toEqual(['buildrequests/1/*'])
  abort.abort(new Error('interrupted'))
  await clock.advance(0)
  expect(seen.ended).toBe(true)
})
