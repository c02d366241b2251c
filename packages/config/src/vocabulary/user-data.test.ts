import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { render } from '@yardmaster/domain'
import { userData } from './user-data.js'

const home = mkdtempSync(join(tmpdir(), 'yard-user-data-'))
afterAll(() => rmSync(home, { recursive: true }))

const worker = { name: "it's $(a) \"name\" 100%", password: "p'$\\ %d", engine: 'ws://h:1', engines: 'ws://h:1,ws://i:2', engineHost: 'h', enginePort: '1' }
const scriptOf = (format: ReturnType<typeof userData.buildbotWorker>, engine = worker.engine) => render(format, {
  properties: {}, sourcestamps: {}, build: { id: 0, number: 0, builder: '', worker: '', buildset: 0, buildrequest: 0, reason: '' }, worker: { ...worker, engine }, secret: () => undefined, call: async () => null,
})

const all = {
  'buildbot-worker': userData.buildbotWorker({ packages: ['git', "it's"], before: 'date +%s' }),
  'buildbot-slave': userData.buildbotSlave(),
  'its own': userData.yardmasterWorker(),
  'its own, fetched': userData.yardmasterWorker({ repository: "https://example.org/it's.git", before: 'date +%s', command: 'nice yard worker' }),
}

test.each(Object.entries(all))('the script for %s is one that a shell reads', async (_name, format) => {
  const script = await scriptOf(format)
  expect(script).toMatch(/^#!\/bin\/sh\n/)
  expect(spawnSync('sh', ['-n'], { input: String(script), encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' })
})

test("what a worker is called, and its password, reach its program as they are", async () => {
  const tell = join(home, 'tell')
  writeFileSync(tell, '#!/bin/sh\nprintf "%s|%s|%s" "$YARD_WORKER_NAME" "$(cat "$YARD_WORKER_PASSWORD_FILE")" "$YARD_ENGINE" > "$HOME/told"\n', { mode: 0o755 })
  const script = await scriptOf(userData.yardmasterWorker({ command: tell }))
  // The program is left running: the shell's own children are waited for here.
  expect(spawnSync('sh', ['-c', `${String(script)}wait`], { env: { PATH: process.env['PATH'], HOME: home }, encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' })
  expect(readFileSync(join(home, 'told'), 'utf8')).toBe(`${worker.name}|${worker.password}|${worker.engines}`)
})

const engines: [engine: string, tls: string[]][] = [['ws://h:1', []], ['wss://h:1', ['--use-tls']]]
test.each(engines)('a stock worker is made for %s, and started', async (engine, tls) => {
  const folder = mkdtempSync(join(home, 'stock-'))
  const programs = { 'buildbot-worker': 'printf "%s\\n" "$@" >> "$HOME/told"; [ "$1" != create-worker ] || { mkdir -p "$HOME/worker"; touch "$HOME/worker/buildbot.tac"; }', python3: 'exit 0' }
  for (const [name, script] of Object.entries(programs)) writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  const script = String(await scriptOf(userData.buildbotWorker(), engine))
  expect(spawnSync('sh', ['-c', script], { env: { PATH: `${folder}:${process.env['PATH'] ?? ''}`, HOME: folder }, encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' })
  expect(readFileSync(join(folder, 'told'), 'utf8').trimEnd().split('\n')).toEqual([
    'create-worker', '--umask=0o22', ...tls, '--protocol=msgpack_experimental_v7', join(folder, 'worker'), 'h:1', worker.name, worker.password, 'start', join(folder, 'worker'),
  ])
})
