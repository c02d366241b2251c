import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Packages of this repository that a package or service imports in running code without naming them in its manifest: in the repository they are
 * found all the same, in an image they are missing. `unit: package`, sorted.
 */
export function undeclaredOwnPackages(root: string): string[] {
  const units = ['packages', 'services'].flatMap(group => readdirSync(join(root, group)).map(name => `${group}/${name}`))
  return units.flatMap(unit => {
    const declared = new Set([manifestOf(join(root, unit)).name, ...Object.keys(manifestOf(join(root, unit)).dependencies ?? {})])
    const imported = new Set(runningFiles(join(root, unit, 'src')).flatMap(file => [...readFileSync(file, 'utf8').matchAll(/^(?:import|export) (?!type )[^;'"]*?['"](@yardmaster\/[a-z-]+)/gm)].map(match => match[1]!)))
    return [...imported].filter(name => !declared.has(name)).map(name => `${unit}: ${name}`)
  }).sort()
}

function manifestOf(folder: string): { name: string; dependencies?: { [name: string]: string } } {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name: string; dependencies?: { [name: string]: string } }
}

function runningFiles(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter(entry => entry.isFile() && /\.tsx?$/.test(entry.name) && !entry.name.endsWith('.test.ts') && !/\/(testing|generated)(\/|$)/.test(entry.parentPath))
    .map(entry => join(entry.parentPath, entry.name))
}
