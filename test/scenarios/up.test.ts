import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { builds, createClient } from '@yardmaster/rest'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { gitRepository, type GitRepository } from '../kit/git-repository.js'
import { until } from '../kit/until.js'
import { yardIn, type RunningUp, type Yard } from '../kit/yard.js'

// The quickstart's story, told once: its tests go on from one another.
let repository: GitRepository
let yard: Yard
let running: RunningUp

async function buildIds(): Promise<number[]> {
  const { rows } = await createClient({ baseUrl: yard.url }).list(builds, 'builds')
  return rows.map(({ buildid }) => buildid)
}

function childrenOf(home: string): { name: string; pid: number }[] {
  return JSON.parse(readFileSync(join(home, 'processes.json'), 'utf8'))
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

beforeAll(async () => {
  repository = gitRepository()
  repository.commit('first', { 'README.md': '# Hello\n', 'src/hello.sh': 'echo hello\n', '.gitignore': '.yard/\n' })
  yard = await yardIn({ folder: repository.folder })
  running = await yard.up()
})

afterAll(async () => {
  await running.end()
  repository.remove()
})

test('each role is a process of its own', () => {
  expect(childrenOf(yard.home).map(({ name }) => name).sort()).toEqual(['NATS', 'PostgreSQL', 'engine', 'provisioner', 'scheduler', 'ui-api', 'worker'])
  expect(running.output()).toContain(`Yardmaster is ready: ${yard.url}`)
})

test('a commit is built, and yard log follows it', async () => {
  const before = await buildIds()
  repository.commit('second', { 'src/more.sh': 'echo more\n' })
  await until('its build', async () => (await buildIds()).length > before.length)
  const { code, stdout, stderr } = await yard.run('log', 'last', '--follow')
  expect(stderr).toContain('success')
  expect(stdout).toContain('second')
  expect(code).toBe(0)
})

test('a build can be forced and waited for', async () => {
  const { code, stderr } = await yard.run('force', 'quickstart', '--wait')
  expect(stderr).toContain('success')
  expect(code).toBe(0)
})

test('status shows every replica and the worker', async () => {
  const { stdout } = await yard.run('status')
  for (const name of ['scheduler', 'engine', 'ui-api', 'provisioner', 'quickstart', 'connected']) expect(stdout).toContain(name)
})

test('a second start on the same state folder is one sentence', async () => {
  const { code, stderr } = await yard.run('up', '--port', '0', '--worker-port', '0')
  expect(stderr.trim()).toBe(`Yardmaster is already running on ${yard.home} (process ${running.pid}): stop it, or use another state folder with --home or YARD_HOME`)
  expect(code).toBe(1)
})

test('a killed engine is started again, and builds go on', async () => {
  const engine = childrenOf(yard.home).find(({ name }) => name === 'engine')
  process.kill(engine?.pid ?? 0, 'SIGKILL')
  await running.says('engine is running again')
  const { code } = await yard.run('force', 'quickstart', '--wait')
  expect(code).toBe(0)
})

test('SIGTERM leaves no process, and the next start goes on with the history', async () => {
  const before = await buildIds()
  const servers = childrenOf(yard.home)
  expect(await running.end('SIGTERM')).toBe(0)
  expect(yard.processes()).toEqual([])
  expect(servers.filter(({ pid }) => isAlive(pid))).toEqual([])
  running = await yard.up()
  expect(await buildIds()).toEqual(expect.arrayContaining(before))
})

test('what a killed supervisor left is stopped by the next start', async () => {
  const before = await buildIds()
  await running.end('SIGKILL')
  running = await yard.up()
  expect(running.output()).toContain('the last yard up here was killed: stopping what it left')
  expect((await buildIds()).length).toBeGreaterThanOrEqual(before.length)
  expect(await running.end()).toBe(0)
  expect(yard.processes()).toEqual([])
  running = await yard.up()
})

test('a taken port is one sentence, and nothing is left half-started', async () => {
  const other = await yardIn({ folder: repository.folder, home: join(repository.folder, '.yard/other') })
  const taker = createServer().listen(0, '127.0.0.1')
  await once(taker, 'listening')
  const address = taker.address()
  const port = typeof address === 'object' ? address?.port : null
  const { code, stderr } = await other.run('up', '--port', String(port))
  taker.close()
  expect(stderr.trim()).toBe(`port ${port} of 127.0.0.1 is taken by another program; choose another with --port or YARD_PORT`)
  expect(code).toBe(1)
  expect(other.processes()).toEqual([])
})

test('a wrong configuration is told in full, and nothing is started', async () => {
  repository.commit('wrong', { 'wrong.config.ts': 'import { defineConfig } from \'@yardmaster/config\'\nexport default defineConfig({ titel: 1, builders: [{ name: \'x\' }] })\n' })
  const other = await yardIn({ folder: repository.folder, home: join(repository.folder, '.yard/wrong') })
  const { code, stderr } = await other.run('up', '-c', 'wrong.config.ts')
  expect(stderr).toContain('titel')
  expect(stderr).toContain('builders[0]')
  expect(code).toBe(1)
  expect(other.processes()).toEqual([])
})
