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

test.each(documents)('every file that %s names is there', name => {
  const text = textOf(name)
  const links = [...text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(match => match[1] ?? '')
  const paths = [...text.matchAll(/`((?:services|packages|deploy|test)\/[\w./-]+)`/g)].map(match => match[1] ?? '')
  expect([...links, ...paths].filter(path => !existsSync(join(root, path)))).toEqual([])
})
