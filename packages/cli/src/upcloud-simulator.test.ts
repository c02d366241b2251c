import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock, systemRandom } from '@yardmaster/runtime'
import { expect, test } from 'vitest'
import type { Context } from './context.js'
import { runCommandLine } from './program.js'

function terminal() {
  const out: string[] = []
  const err: string[] = []
  const signals = new Set<(signal: NodeJS.Signals) => void>()
  const context: Context = {
    env: {}, clock: systemClock(), random: systemRandom(), print: line => out.push(line), warn: line => err.push(line), colours: false,
    onSignal: callback => {
      signals.add(callback)
      return () => { signals.delete(callback) }
    },
  }
  const home = mkdtempSync(join(tmpdir(), 'upcloud-simulator-cli-'))
  const run = (...args: string[]) => runCommandLine(['upcloud-simulator', '--port', '0', '--home', home, ...args], context)
  return { out, err, run, signal: () => { for (const callback of signals) callback('SIGINT') }, listening: () => signals.size > 0 }
}

const patience = { interval: 20 }

const body = { server: { zone: 'de-fra1', title: 'one', hostname: 'one', plan: '1xCPU-1GB', storage_devices: { storage_device: [{ action: 'clone', storage: '01000000-0000-4000-8000-000020060100', title: 'disk', size: 10 }] } } }

test('it says how clients are pointed at it, tells what happens, and stops when asked', async () => {
  const { out, err, run, signal, listening } = terminal()
  const ended = run('--username', 'me', '--password', 'secret', '--time-scale', '0', '--no-boot', '--fault', '{"kind":"status","status":503,"match":{"path":"^/plan$"}}')
  await expect.poll(listening, patience).toBe(true)
  const url = out[0]?.match(/UpCloud simulator at (http:\/\/127\.0\.0\.1:\d+)\/1\.3/)?.[1] ?? ''
  for (const told of [`UPCLOUD_DEBUG_API_BASE_URL=${url} `, 'UPCLOUD_TOKEN=ucat_SIMULATOR', `baseUrl: '${url}/1.3'`, `${url}/simulator/state`]) expect(out[0]).toContain(told)
  const headers = { Authorization: `Basic ${Buffer.from('me:secret').toString('base64')}` }
  expect((await fetch(`${url}/1.3/plan`, { headers })).status).toBe(503)
  expect((await fetch(`${url}/1.3/plan`, { headers })).status).toBe(200)
  expect((await fetch(`${url}/1.3/server`, { method: 'POST', headers, body: JSON.stringify(body) })).status).toBe(202)
  await expect.poll(() => out.join('\n'), patience).toMatch(/maintenance one \(00[-0-9a-f]+\) {2}1 maintenance; 1 disk; 0\.0074 EUR\n.* started {5}one /)
  signal()
  expect(await ended).toBe(0)
  expect(out.at(-1)).toBe('stopping: 1 started; 1 disk; 0.0074 EUR')
  expect(err).toEqual([])
  await expect(fetch(`${url}/1.3/plan`, { headers })).rejects.toThrow('fetch failed')
})

test('others reach it only with a password and a token of its own', async () => {
  const { err, run } = terminal()
  expect(await run('--host', '0.0.0.0', '--password', 'own')).toBe(1)
  expect(err).toEqual([expect.stringMatching(/^on 0\.0\.0\.0 others reach the simulator, .* choose a --password and a --token/)])
})

test('what is wrong is a sentence', async () => {
  const { err, run } = terminal()
  expect(await run('--fault', '{"kind":"flood"}')).toBe(1)
  expect(await run('--speed', 'fast')).toBe(1)
  expect(err.join('\n')).toMatch(/^--fault \{"kind":"flood"\} is not a fault: .*\n(.*\n)*.*expected a number from 0\.001/)
})
