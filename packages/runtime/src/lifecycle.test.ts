import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { systemClock } from './clock.js'

const program = fileURLToPath(new URL('../dist/testing/lifecycle-process.js', import.meta.url))
const children: ChildProcess[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

function raise(): never {
  throw new Error('the child has no stdout')
}

function start(behaviour: string) {
  const child = fork(program, [behaviour], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
  children.push(child)
  const stdout = child.stdout ?? raise()
  let output = ''
  stdout.on('data', (chunk: Buffer) => { output += chunk.toString() })
  // Node does not emit 'close' once the parent has disconnected.
  const closed = Promise.all([once(child, 'exit'), once(stdout, 'end')]).then(() => ({ code: child.exitCode, messages: output.trim().split('\n').map(line => JSON.parse(line) as { msg: string; part?: string }) }))
  const logged = async (text: string) => {
    while (!output.includes(text)) await once(stdout, 'data')
  }
  return { child, closed, logged, ready: once(child, 'message').then(([message]) => message as unknown) }
}

test('it says when it is ready, and stops its parts in reverse order, whatever they do', async () => {
  const { child, closed, ready } = start('serve')
  expect(await ready).toEqual({ type: 'ready', name: 'test', port: 1 })
  child.kill('SIGTERM')
  const { code, messages } = await closed
  expect(code).toBe(0)
  expect(messages.filter(({ part }) => part).map(({ msg, part }) => `${part}: ${msg}`)).toEqual(['server: stopped', 'broken: could not stop in order', 'stuck: could not stop in order', 'database: stopped'])
})

test('the death of the supervisor stops it in order', async () => {
  const { child, closed, ready } = start('serve')
  await ready
  child.disconnect()
  expect((await closed).code).toBe(0)
})

test.each([['SIGTERM', 143], ['SIGINT', 130]] as const)('a second %s ends it at once', async (signal, expected) => {
  const { child, closed, ready, logged } = start('slow')
  await ready
  child.kill(signal)
  await logged('"stopping"')
  // It has told itself once more at once: the same wish twice is not a second one. What comes later is.
  await systemClock().sleep(350)
  expect(child.exitCode).toBe(null)
  child.kill(signal)
  expect((await closed).code).toBe(expected)
})

test.each([['fail-to-start', 1, 'test could not start'], ['throw', 70, 'unforeseen error'], ['reject', 70, 'unforeseen error'], ['buried', 75, 'buried: starting again as a new epoch']])(
  '%s ends it with %i', async (behaviour, expected, message) => {
    const { code, messages } = await start(behaviour).closed
    expect(code).toBe(expected)
    expect(messages.map(({ msg }) => msg)).toContain(message)
  })
