import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkConfiguration } from '@yardmaster/config/host'
import { settingsTable } from '@yardmaster/runtime'
import { expect, test } from 'vitest'
import { root } from './product-files.js'
import { systemClock } from '@yardmaster/runtime'

const documents = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md']
const textOf = (name: string) => readFileSync(join(root, name), 'utf8')

test('README names every setting as it is', () => {
  const told = [...textOf('README.md').matchAll(/^\| `([A-Z_]+)` \| `(.+?)` \| (.*?) \| (.*) \|$/gm)].map(([, env, flag, fallback, description]) => ({ env, flag, fallback, description }))
  expect(told).toEqual(Object.values(settingsTable).map(({ env, flag, description, default: fallback }) => ({
    env, flag, description, fallback: typeof fallback === 'string' ? `\`${fallback}\`` : fallback === undefined ? '' : expect.stringMatching(/^`.+`$/),
  })))
})

test('README\'s first configuration is right', async () => {
  const [, code = ''] = /```ts\n([\s\S]*?)```/.exec(textOf('README.md')) ?? []
  const folder = mkdtempSync(join(tmpdir(), 'yardmaster-readme-'))
  try {
    writeFileSync(join(folder, 'yard.config.ts'), code)
    expect(await checkConfiguration(join(folder, 'yard.config.ts'), systemClock().setTimeout)).toMatchObject({ ok: true, configuration: { title: 'Hello' } })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('README\'s changes, schedulers and reporters are right', async () => {
  const [, , code = ''] = textOf('README.md').split('```ts\n').map(part => part.split('```')[0])
  const folder = mkdtempSync(join(tmpdir(), 'yardmaster-readme-'))
  try {
    writeFileSync(join(folder, 'yard.config.ts'), `import { changeHooks, changeSources, defineConfig, reporters, schedulers, steps, util, workers } from '@yardmaster/config'
      const builder = name => ({ name, workers: ['w1'], steps: [steps.shell({ command: 'true' })] })
      export default defineConfig({ ${code} workers: [workers.worker({ name: 'w1', password: 'p' })], builders: ['linux', 'macos', 'package'].map(builder) })`)
    const checked = await checkConfiguration(join(folder, 'yard.config.ts'), systemClock().setTimeout)
    expect(checked).toMatchObject({ ok: true, configuration: { schedulers: { length: 5 }, reporters: { length: 4 } }, warnings: [] })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('README\'s latent workers are right', async () => {
  const [, , , code = ''] = textOf('README.md').split('```ts\n').map(part => part.split('```')[0])
  const folder = mkdtempSync(join(tmpdir(), 'yardmaster-readme-'))
  try {
    writeFileSync(join(folder, 'yard.config.ts'), `import { defineConfig, providers, schedulers, steps, util, workers } from '@yardmaster/config'
      export default defineConfig({ ${code} builders: [{ name: 'b', workers: ['up1', 'linux'], steps: [steps.shell({ command: 'true' })] }], schedulers: [schedulers.force({ name: 'force', builders: ['b'] })] })`)
    const checked = await checkConfiguration(join(folder, 'yard.config.ts'), systemClock().setTimeout)
    expect(checked).toMatchObject({ ok: true, configuration: { pools: [{ name: 'up1', max: 1 }, { name: 'linux', max: 10 }] }, warnings: [] })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('README\'s rights are right', async () => {
  const [, , , , code = ''] = textOf('README.md').split('```ts\n').map(part => part.split('```')[0])
  const folder = mkdtempSync(join(tmpdir(), 'yardmaster-readme-'))
  try {
    writeFileSync(join(folder, 'yard.config.ts'), `import { auth, authz, defineConfig, schedulers, steps, util, workers } from '@yardmaster/config'
      export default defineConfig({ ${code} workers: [workers.worker({ name: 'w1', password: 'p', owners: ['ann', 'role:gpu'] })], builders: [{ name: 'release-1', workers: ['w1'], steps: [steps.shell({ command: 'true' })] }],
        schedulers: [schedulers.force({ name: 'force', builders: ['release-1'] })] })`)
    const checked = await checkConfiguration(join(folder, 'yard.config.ts'), systemClock().setTimeout)
    expect(checked).toMatchObject({ ok: true, configuration: { www: { reading: 'closed', authz: { rules: { length: 5 } } } }, warnings: [] })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test.each(documents)('every file that %s names is there', name => {
  const text = textOf(name)
  const links = [...text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(match => match[1] ?? '')
  const paths = [...text.matchAll(/`((?:services|packages|deploy|test)\/[\w./-]+)`/g)].map(match => match[1] ?? '')
  expect([...links, ...paths].filter(path => !existsSync(join(root, path)))).toEqual([])
})
