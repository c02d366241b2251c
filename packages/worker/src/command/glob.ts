import { readdir, lstat } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'

/**
 * The paths that match a pattern of `*`, `?`, `[...]` and, for any number of folders, `**`: sorted, relative or absolute as the pattern is.
 * Names that begin with a dot are only matched by a pattern that does. What cannot be read matches nothing.
 */
export async function glob(basedir: string, pattern: string): Promise<string[]> {
  const segments = pattern.split('/').filter(segment => segment !== '' && segment !== '.')
  const found = await expand({ root: isAbsolute(pattern) ? '/' : basedir, path: isAbsolute(pattern) ? '/' : '', segments })
  return [...new Set(found)].sort()
}

type Place = { root: string; path: string; segments: string[] }

async function expand({ root, path, segments }: Place): Promise<string[]> {
  const [first, ...rest] = segments
  if (first === undefined) return path === '' ? [] : [path]
  const into = (name: string, remaining: string[]) => expand({ root, path: join(path, name), segments: remaining })
  if (first === '**') {
    const entries = await list(join(root, path), '*')
    const files = rest.length === 0 ? entries.filter(({ isFolder }) => !isFolder).map(({ name }) => join(path, name)) : []
    const deeper = await Promise.all(entries.filter(({ isFolder }) => isFolder).map(({ name }) => into(name, segments)))
    return [...await expand({ root, path, segments: rest }), ...files, ...deeper.flat()]
  }
  if (!/[*?[]/.test(first)) return await exists(join(root, path, first)) ? into(first, rest) : []
  const names = await list(join(root, path), first)
  return (await Promise.all(names.filter(({ isFolder }) => isFolder || rest.length === 0).map(({ name }) => into(name, rest)))).flat()
}

async function list(folder: string, pattern: string): Promise<{ name: string; isFolder: boolean }[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  const matcher = toRegExp(pattern)
  return entries
    .filter(({ name }) => matcher.test(name) && (!name.startsWith('.') || pattern.startsWith('.')))
    .map(entry => ({ name: entry.name, isFolder: entry.isDirectory() }))
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(() => true, () => false)
}

function toRegExp(pattern: string): RegExp {
  const source = pattern.replace(/\[(!?)(\]?[^\]]*)\]|[\s\S]/g, (part, not: string | undefined, set: string | undefined) => {
    if (set !== undefined) return `[${not ? '^' : ''}${set.replace(/[\\\]^]/g, '\\$&')}]`
    if (part === '*') return '.*'
    return part === '?' ? '.' : part.replace(/[.+^${}()|[\]\\]/g, '\\$&')
  })
  return new RegExp(`^${source}$`, 's')
}
