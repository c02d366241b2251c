import { open, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join, basename } from 'node:path'
import { costOf } from './passwords.js'

/** Names with their hashes, in the file's order. `unusable`: what it has besides, which nobody can sign in with. */
export type UserFile = { users: Map<string, string>; unusable: string[] }

const line = /^([^:]+):(.*)$/

/** Text as htpasswd writes it: NAME:HASH, of which bcrypt alone is taken. */
export function parseUserFile(text: string): UserFile {
  const users = new Map<string, string>()
  const unusable: string[] = []
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    if (raw.trim() === '' || raw.startsWith('#')) continue
    const [, name = '', rest = ''] = line.exec(raw) ?? []
    const hash = rest.split(':')[0] ?? ''
    if (name === '') unusable.push(`line ${index + 1} is not NAME:HASH`)
    else if (costOf(hash) === null) unusable.push(`the password of '${name}' is not a bcrypt hash (of a cost up to 15): set it by yard user passwd, or htpasswd -B`)
    // As Apache reads it, the first counts.
    else if (!users.has(name)) users.set(name, hash)
  }
  return { users, unusable }
}

/** Reads the file again when it has changed. Rejects when it cannot be read. */
export function watchedUserFile(path: string): () => Promise<UserFile> {
  let known: { stamp: string; file: UserFile } | null = null
  return async () => {
    const { mtimeMs, ctimeMs, size, ino } = await stat(path)
    const stamp = `${mtimeMs} ${ctimeMs} ${size} ${ino}`
    if (known?.stamp !== stamp) known = { stamp, file: parseUserFile(await readFile(path, 'utf8')) }
    return known.file
  }
}

/** Of the text of a file: with this user's hash, or (null) without him. Other lines and their order stay. Null: there is nothing to remove. */
export function changedUserFile(text: string, name: string, hash: string | null): string | null {
  const lines = text === '' ? [] : text.replace(/\r?\n$/, '').split(/\r?\n/)
  const isHis = (each: string) => each.startsWith(`${name}:`)
  const at = lines.findIndex(isHis)
  if (at < 0 && hash === null) return null
  // A second line of his must not let him in with another password, or after he was removed.
  const others = lines.filter(each => !isHis(each))
  if (hash !== null) others.splice(at < 0 ? others.length : at, 0, `${name}:${hash}`)
  return others.length === 0 ? '' : `${others.join('\n')}\n`
}

/** In one step: who reads it meanwhile has the old or the new one, whole. The mode stays; a new one is for its owner alone. */
export async function replaceUserFile(path: string, text: string, suffix: string): Promise<void> {
  const mode = await stat(path).then(({ mode: bits }) => bits & 0o777, () => 0o600)
  const beside = join(dirname(path), `.${basename(path)}.${suffix}`)
  const handle = await open(beside, 'wx', mode)
  try {
    await handle.writeFile(text)
    await handle.chmod(mode)
    await handle.sync()
    await handle.close()
    await rename(beside, path)
  } catch (error) {
    await handle.close().catch(() => {})
    await rm(beside, { force: true })
    throw error
  }
}
