import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { cruiseTree } from './cruise.js'
import { npmPlaces, unitImports } from './import-rules.js'
import { undeclaredOwnPackages } from './own-dependencies.js'
import { plantTree } from './planted-tree.js'

// Reading the whole repository takes seconds, more on a busy machine.

const root = join(import.meta.dirname, '../..')

test('the repository keeps the import rules', async () => {
  const { modules, breaches } = await cruiseTree(root)
  // dependency-cruiser is content with nothing at all when it cannot read TypeScript.
  expect(modules).toBeGreaterThan(100)
  expect(breaches).toEqual([])
})

test('what a package imports of this repository is in its manifest, and a planted breach is found', () => {
  expect(undeclaredOwnPackages(root)).toEqual([])
  using tree = plantTree(Object.keys(unitImports), [])
  tree.write('packages/db/src/a.ts', "import { x } from '@yardmaster/domain'\nimport type { Y } from '@yardmaster/domain/y'\nexport const z: Y = x\n")
  tree.write('packages/domain/src/b.ts', "import type { Y } from '@yardmaster/db'\nexport type Z = Y\n")
  expect(undeclaredOwnPackages(tree.root)).toEqual(['packages/db: @yardmaster/domain'])
})

test('every package and service has its row in the rules', () => {
  const folders = ['packages', 'services'].flatMap(group => readdirSync(join(root, group)).map(name => `${group}/${name}`))
  expect(Object.keys(unitImports).sort()).toEqual(folders.sort())
})

/** For each package or service, one file per other one that it must not know; the breaches that must be told. */
function forbiddenUnitImports() {
  const units = Object.keys(unitImports)
  return units.flatMap(from => units
    .filter(to => to !== from && !(unitImports[from] ?? []).includes(to.replace('packages/', '')))
    .map(to => ({ file: `${from}/src/knows-${to.replace('/', '-')}.ts`, to })))
}

test('each forbidden import between packages is found when it is planted', async () => {
  const planted = forbiddenUnitImports()
  using tree = plantTree(Object.keys(unitImports), Object.keys(npmPlaces))
  for (const { file, to } of planted) tree.write(file, `export { here } from '@yardmaster/${to.split('/')[1]}'\n`)
  const { breaches } = await cruiseTree(tree.root)
  const expected = planted.map(({ file, to }) => `imports of ${file.replace(/\/src\/.*/, '')}: ${file} -> ${to}/src/index.ts`)
  expect(breaches.filter(breach => breach.startsWith('imports of '))).toEqual(expected.sort())
  expect(breaches.filter(breach => breach.startsWith('no service imports another: '))).toHaveLength(4 * 3)
})

test('each npm package in a wrong place is found when it is planted, also behind a type import', async () => {
  using tree = plantTree(Object.keys(unitImports), Object.keys(npmPlaces))
  const wrong = 'services/engine/src/wire/wrong.ts'
  const right = Object.keys(npmPlaces).map(name => ({ name, file: name === 'express' ? 'services/ui-api/src/http/app.ts' : ['nats', 'bullmq', 'ioredis'].includes(name) ? `packages/bus/src/${name}.ts` : `packages/db/src/${name.replaceAll('/', '-')}.ts` }))
  tree.write(wrong, Object.keys(npmPlaces).map((name, n) => `export type { T as T${n} } from '${name}'\n`).join(''))
  for (const { name, file } of right) tree.write(file, `export { here } from '${name}'\n`)
  const { breaches } = await cruiseTree(tree.root)
  const told = breaches.map(breach => breach.replace(/ -> .*/, ''))
  expect(told.filter(breach => breach.startsWith('place of '))).toEqual(Object.keys(npmPlaces).map(name => `place of ${name}: ${wrong}`).sort())
  // The planted manifests name no dependency at all; an import of types alone needs none.
  expect(told.filter(breach => breach.startsWith('dependencies are declared: '))).toEqual(right.map(({ file }) => `dependencies are declared: ${file}`).sort())
})

test('a cycle, a relative way into another package and an import that leads nowhere are found when they are planted', async () => {
  using tree = plantTree(Object.keys(unitImports), [])
  tree.write('packages/domain/src/a.ts', "export { b } from './b.js'\nexport const a = 1\n")
  tree.write('packages/domain/src/b.ts', "export { a } from './a.js'\nexport const b = 1\n")
  tree.write('packages/db/src/deep.ts', "export { a } from '../../domain/src/a.js'\n")
  tree.write('packages/db/src/nowhere.ts', "export { x } from './not-there.js'\n")
  const { breaches } = await cruiseTree(tree.root)
  expect(breaches).toEqual([
    'everything resolves: packages/db/src/nowhere.ts -> ./not-there.js',
    'no cycles: packages/domain/src/a.ts -> packages/domain/src/b.ts',
    'other packages by name: packages/db/src/deep.ts -> packages/domain/src/a.ts',
  ])
})
