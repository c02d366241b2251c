import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

export type PlantedTree = { root: string; write(path: string, text: string): void; [Symbol.dispose](): void }

/** A small repository of our layout in a temporary folder, in which every package (`export const here`) can be imported by name. */
export function plantTree(units: string[], npmPackages: string[]): PlantedTree {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'yardmaster-planted-')))
  const write = (path: string, text: string) => {
    const file = join(root, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  }
  mkdirSync(join(root, 'node_modules/@yardmaster'), { recursive: true })
  for (const unit of units) {
    const name = `@yardmaster/${unit.split('/')[1]}`
    write(`${unit}/package.json`, JSON.stringify({ name, type: 'module', exports: { '.': { types: './src/index.ts', default: './dist/index.js' } } }))
    write(`${unit}/src/index.ts`, 'export const here = 1\n')
    symlinkSync(join(root, unit), join(root, 'node_modules', name))
  }
  for (const name of npmPackages) {
    write(`node_modules/${name}/package.json`, JSON.stringify({ name, type: 'module', exports: './index.js' }))
    write(`node_modules/${name}/index.js`, 'export const here = 1\n')
  }
  return { root, write, [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }) }
}
