import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { checkConfiguration } from '@yardmaster/config/host'

const folder = mkdtempSync(join(tmpdir(), 'yard-warnings-'))
afterAll(() => rmSync(folder, { recursive: true }))
const timer = (fn: () => void, ms: number) => { const timeout = setTimeout(fn, ms); return () => clearTimeout(timeout) }
let count = 0

/** `line path: message` of what is said of one UpCloud worker with these options. */
const warnings = (options: string): Promise<string[]> => warningsOf(`workers.upcloud({ name: 'up', apiToken: util.secret('upcloud'), ${options} })`)

async function warningsOf(worker: string): Promise<string[]> {
  const file = join(folder, `${++count}.config.ts`)
  writeFileSync(file, `import { defineConfig, providers, util, workers } from '@yardmaster/config'
export default defineConfig({
  workers: [
    ${worker},
  ],
  builders: [{ name: 'b', workers: ['up'], steps: [] }],
})
`)
  const checked = await checkConfiguration(file, timer)
  if (!checked.ok) throw new Error(checked.errors.map(({ message }) => message).join('\n'))
  return checked.warnings.map(({ line, path, message }) => `${line} ${path}: ${message}`)
}

const oneTime = "image: 'Debian GNU/Linux 12 (Bookworm)'"
const debian = `${oneTime}, password: 'baked into the image'`
const native = "image: 'Debian GNU/Linux 11 (Bullseye)', password: 'baked into the image'"
test('credentials that are written in the configuration', async () => {
  expect(await warnings(`${debian}, hostconfig: { userData: '#!/bin/sh' }, apiToken: 'ucat_x'`)).toEqual([expect.stringMatching(/workers\[0\]\.apiToken: .*util\.secret/)])
})

const table: [options: string, expected: RegExp[]][] = [
  [`${oneTime}, hostconfig: { userData: util.userData.buildbotWorker() }`, []],
  [`${oneTime}, hostconfig: { userData: util.userData.yardmasterWorker(), sshKeys: ['ssh-ed25519 AAAA a', 'ssh-rsa AAAA b'] }`, []],
  [`${debian}, hostconfig: { userData: '\\n  #!/bin/sh\\ntrue' }`, []],
  [`${debian}, hostconfig: { userData: 'https://example.org/script' }`, []],
  [`${debian}, hostconfig: { userData: input => input.property('x') }`, []],
  [debian, []],
  [oneTime, [/^4 workers\[0\]\.hostconfig\.userData: worker 'up': does not tell the machine its one-time password/]],
  [`${oneTime}, hostconfig: { userData: '#!/bin/sh\\nbuildbot-worker create-worker . host up pass' }`, [/userData: .*one-time password/]],
  [`${oneTime}, hostconfig: { userData: util.interpolate('#!/bin/sh\\nconnect %(worker:name)s') }`, [/userData: .*one-time password/]],
  [`${oneTime}, hostconfig: { userData: util.interpolate('#!/bin/sh\\nconnect %(worker:name)s %(worker:password:-none)s') }`, []],
  [`${oneTime}, hostconfig: { userData: 'https://example.org/script' }`, []],
  [`${debian}, hostconfig: { userData: '/usr/bin/apt-get update' }`, [/^4 workers\[0\]\.hostconfig\.userData: .*#!\/bin\/sh/]],
  [`${debian}, hostconfig: { userData: util.interpolate('apt-get install %(prop:x)s') }`, [/hostconfig\.userData/]],
  [`${native}, hostconfig: { userData: '#!/bin/sh', sshKeys: ['ssh-rsa AAAA a', 'ssh-rsa AAAA b'] }`, [/hostconfig\.sshKeys: .*one SSH key/]],
  [`${native}, hostconfig: { userData: '#!/bin/sh', sshKeys: ['ssh-ed25519 AAAA a'] }`, [/RSA/]],
  [`${debian}, hostconfig: { userData: '#!/bin/sh', sshKeys: ['-----BEGIN OPENSSH PRIVATE KEY-----'] }`, [/private key/]],
  [`${debian}, hostconfig: { userData: '#!/bin/sh', osDiskSize: 5 }`, [/osDiskSize: .*at least 10/]],
  [`${debian}, hostconfig: { userData: '#!/bin/sh', plan: 'custom', coreNumber: 2, memoryAmount: 512 }`, [/memoryAmount: .*1024/]],
  [`${debian}, hostconfig: { userData: '#!/bin/sh', coreNumber: 2 }`, [/coreNumber: .*custom/]],
  [`${debian}, hostconfig: { userData: '#!/bin/sh', metadata: false }`, [/metadata: .*userData/]],
  [`${debian}, hostconfig: { userData: '#!/bin/sh', storageTier: 'ssd' }`, [/storageTier: .*'ssd'/]],
  [`${debian}, hostconfig: { userData: '#!/bin/sh', labels: { _team: 'x' } }`, [/labels: .*'_team'/]],
]

test.each(table)('%s', async (options, expected) => {
  const found = await warnings(options)
  expect(found).toHaveLength(expected.length)
  for (const [index, pattern] of expected.entries()) expect(found[index]).toMatch(pattern)
})

test('a list of no Docker host, on which no machine would ever be', async () => {
  await expect(warningsOf("workers.docker({ name: 'up', image: 'x', hosts: [] })")).rejects.toThrow(/hosts: .*at least one Docker host, or no list at all: this host, found an empty list|at least one Docker host/)
})

test.each<[pool: string, expected: RegExp[]]>([
  ['provider: providers.process(), min: 1, warm: 1', []],
  ['provider: providers.process({ env: { A: util.interpolate("%(prop:a)s") } })', []],
  ['provider: providers.process({ env: { A: util.interpolate("%(prop:a)s") } }), warm: 1', [/^4 workers\[0\]\.warm: .*no machine is kept ready/]],
  ['provider: providers.process(), dailyCap: 5', [/dailyCap: .*of kind process costs/]],
])('a pool: %s', async (options, expected) => {
  const found = await warningsOf(`workers.pool({ name: 'up', max: 2, ${options} })`)
  expect(found).toHaveLength(expected.length)
  for (const [index, pattern] of expected.entries()) expect(found[index]).toMatch(pattern)
})

/** `path: message` of what is said of one hook. */
async function saidOf(hook: string): Promise<string[]> {
  const file = join(folder, `${++count}.config.ts`)
  writeFileSync(file, `import { changeHooks, defineConfig, util } from '@yardmaster/config'
export default defineConfig({ workers: [], builders: [], changeHooks: [${hook}] })
`)
  const checked = await checkConfiguration(file, timer)
  return (checked.ok ? checked.warnings : checked.errors).map(({ path, message }) => `${path}: ${message}`)
}

test.each<[string, RegExp[]]>([
  ["changeHooks.github({ secret: util.secret('h'), token: util.secret('t'), on: { issue_comment: () => [] }, skips: [/no ci/], codebase: payload => String(payload.x), pullrequestRef: 'head' })", []],
  ['changeHooks.gitlab({ strict: false })', []],
  ['changeHooks.gitlab()', [/^changeHooks\[0\]: has no secret, .*strict: false/]],
  ["changeHooks.github({ secret: 'written' })", [/^changeHooks\[0\]\.secret: .*util\.secret/]],
  ['changeHooks.github({ strict: true })', [/^changeHooks\[0\]\.secret: expected a secret, because strict is true/]],
  ["changeHooks.gitea({ secret: util.secret('h'), token: util.secret('t') })", [/^changeHooks\[0\]\.apiUrl: expected the address of the gitea/]],
  ["changeHooks.gitlab({ strict: false, pullrequestRef: 'head' })", [/unknown key 'pullrequestRef'/]],
  ["changeHooks.github({ strict: false, on: { push: 'main' } })", [/^changeHooks\[0\]\.on\.push: expected a function/]],
])('of %s is said', async (hook, expected) => {
  const said = await saidOf(hook)
  expect(said).toHaveLength(expected.length)
  for (const [index, pattern] of expected.entries()) expect(said[index]).toMatch(pattern)
})
