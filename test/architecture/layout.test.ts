import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { productFiles, root } from './product-files.js'

/** What belongs at the root: ours, and what a tool demands there. */
const rootEntries = [
  '.ci', '.git', '.gitignore', '.oxlintrc.json', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'LICENSE', 'README.md', 'deploy', 'knip.json', 'package.json', 'packages',
  'pnpm-lock.yaml', 'pnpm-workspace.yaml', 'services', 'test', 'tsconfig.json', 'vitest.config.ts',
]

test('the root holds only what belongs there', () => {
  const ignored = readFileSync(join(root, '.gitignore'), 'utf8').split('\n').map(line => line.replace(/\/$/, ''))
  const surplus = readdirSync(root).filter(name => !rootEntries.includes(name) && !ignored.includes(name))
  expect(surplus).toEqual([])
})

test('the folder table of ARCHITECTURE.md and the folders agree', () => {
  const text = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8')
  const told = [...text.matchAll(/^\| `((?:services|packages|deploy|test)\/[^`]+)` \|/gm)].map(match => match[1] ?? '')
  const folders = ['services', 'packages', 'deploy', 'test'].flatMap(group => readdirSync(join(root, group), { withFileTypes: true })
    .filter(entry => entry.isDirectory() && !entry.name.startsWith('.') && readdirSync(join(root, group, entry.name)).length > 0)
    .map(entry => `${group}/${entry.name}`))
  expect(told.toSorted()).toEqual(folders.toSorted())
})

test('knowing one service is knowing four: the same names inside each', () => {
  const doors = ['http', 'live', 'wire']
  const shared = ['do', 'loops', 'on', 'testing']
  for (const service of readdirSync(join(root, 'services'))) {
    const entries = readdirSync(join(root, 'services', service, 'src'), { withFileTypes: true })
    expect(entries.map(entry => entry.name), service).toContain('main.ts')
    expect(entries.filter(entry => entry.isDirectory()).map(entry => entry.name).filter(name => ![...doors, ...shared].includes(name)), service).toEqual([])
  }
})

test('files are kebab-case', () => {
  const unusual = productFiles().filter(path => !path.split('/').every(part => /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9-]+)*$/.test(part)))
  expect(unusual).toEqual([])
})
