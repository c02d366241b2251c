import { existsSync, readdirSync } from 'node:fs'
import { join, relative, sep } from 'node:path'

export const root = join(import.meta.dirname, '../..')

/** Our own product code, as paths from the root: no tests, no helpers of tests, nothing generated. */
export function productFiles(): string[] {
  const sources = ['packages', 'services'].flatMap(group => readdirSync(join(root, group)).map(unit => join(root, group, unit, 'src'))).filter(existsSync)
  return sources
    .flatMap(source => readdirSync(source, { recursive: true, withFileTypes: true }))
    .filter(entry => entry.isFile() && /\.tsx?$/.test(entry.name) && !/\.test\.tsx?$/.test(entry.name))
    .map(entry => relative(root, join(entry.parentPath, entry.name)).replaceAll(sep, '/'))
    .filter(path => !/\/src\/(generated|testing)\//.test(path))
    .sort()
}
