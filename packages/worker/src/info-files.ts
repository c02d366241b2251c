import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

const MOST_FILES = 50
const LONGEST = 16 * 1024

/**
 * As in Buildbot: people write what there is to say of the worker into files in `basedir/info`: `admin` who looks after it, `host` what it is, and
 * whatever they like. By name; of long ones the beginning. What cannot be read is left out.
 */
export async function infoFiles(basedir: string): Promise<{ [name: string]: string }> {
  const folder = join(basedir, 'info')
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  const names = entries.filter(entry => entry.isFile() && !entry.name.startsWith('.')).map(({ name }) => name).sort().slice(0, MOST_FILES)
  const texts = await Promise.all(names.map(async name => [name, await readFile(join(folder, name)).then(textOf, () => null)] as const))
  return Object.fromEntries(texts.filter((entry): entry is [string, string] => entry[1] !== null))
}

function textOf(bytes: Buffer): string {
  const text = bytes.subarray(0, LONGEST).toString('utf8').replace(/\ufffd$/, '').trim()
  return bytes.length > LONGEST ? `${text}\n…` : text
}
