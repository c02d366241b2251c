import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { unitImports } from './import-rules.js'
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

test('the folder table of ARCHITECTURE.md tells every folder, and only what is there', () => {
  const text = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8')
  const told = [...text.matchAll(/^\| `((?:services|packages|deploy|test)\/[^`]+)` \|/gm)].map(match => match[1] ?? '')
  const folders = ['services', 'packages', 'deploy', 'test'].flatMap(group => readdirSync(join(root, group), { withFileTypes: true })
    .filter(entry => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(entry => `${group}/${entry.name}`))
  expect(folders.filter(folder => readdirSync(join(root, folder)).length > 0 && !told.includes(folder))).toEqual([])
  expect(told.filter(folder => !folders.includes(folder))).toEqual([])
})

test('the import table of ARCHITECTURE.md is the one that is enforced', () => {
  const text = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8')
  const told = [...text.matchAll(/^\| `(?:packages|services)\/([^`]+)` \|[^|]*\| (.*?) \|$/gm)].map(([, name, imports]) => `${name}: ${imports}`)
  const enforced = Object.entries(unitImports).map(([folder, imports]) => `${folder.split('/')[1]}: ${imports.join(', ') || 'nothing'}`)
  expect(told).toEqual(expect.arrayContaining(enforced))
})

/** What every service may have inside, and what is one service's own subject. */
const sharedFolders = ['do', 'http', 'loops', 'on', 'testing', 'wire']
const ownFolders: { [service: string]: string[] } = { engine: ['build', 'claim', 'workers'], 'latent-worker-provisioner': ['demand', 'providers', 'rendering'], scheduler: ['deliveries', 'polls', 'reports'], 'ui-api': ['access', 'live'] }

test('knowing one service is knowing four: the same names inside each', () => {
  for (const service of readdirSync(join(root, 'services'))) {
    const entries = readdirSync(join(root, 'services', service, 'src'), { withFileTypes: true })
    expect(entries.map(entry => entry.name), service).toContain('main.ts')
    const unknown = entries.filter(entry => entry.isDirectory()).map(entry => entry.name).filter(name => ![...sharedFolders, ...(ownFolders[service] ?? [])].includes(name))
    expect(unknown, service).toEqual([])
  }
})

test('files are kebab-case', () => {
  const unusual = productFiles().filter(path => !path.split('/').every(part => /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9-]+)*$/.test(part)))
  expect(unusual).toEqual([])
})
