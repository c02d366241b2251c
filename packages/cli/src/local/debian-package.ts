import { execFile } from 'node:child_process'
import { accessSync, constants, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** The first executable `name` on PATH or in the further folders. */
export function findExecutable(name: string, folders: string[]): string | null {
  for (const folder of [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', ...folders]) {
    if (folder === '') continue
    const file = join(folder, name)
    try {
      accessSync(file, constants.X_OK)
      return file
    } catch {
      continue
    }
  }
  return null
}

/** Private lists, so that an ordinary user can refresh them too. */
async function refreshedLists(folder: string): Promise<string[]> {
  mkdirSync(join(folder, 'lists/partial'), { recursive: true })
  mkdirSync(join(folder, 'cache/archives/partial'), { recursive: true })
  const options = ['-o', `Dir::State::lists=${join(folder, 'lists')}`, '-o', `Dir::Cache=${join(folder, 'cache')}`, '-o', 'APT::Sandbox::User=']
  await run('apt-get', [...options, '-qq', 'update'])
  return options
}

/** The package itself and those of its dependencies that the machine lacks; throws when the lists do not know it. */
async function wantedPackages(options: string[], name: string): Promise<string[]> {
  const { stdout } = await run('apt-get', [...options, '-s', '--no-install-recommends', 'install', name], { env: { ...process.env, LC_ALL: 'C' } })
  return [...new Set([name, ...[...stdout.matchAll(/^Inst (\S+)/gm)].map(match => match[1] ?? name)])]
}

/**
 * Unpacks a Debian package, and those of its dependencies that the machine lacks, into `into` (`into/usr/bin/…`): nothing is
 * installed, no service is started, and no right is needed. Throws when there is no apt, no network or no such package.
 */
export async function unpackDebianPackage(name: string, into: string): Promise<void> {
  mkdirSync(into, { recursive: true })
  const folder = mkdtempSync(join(into, 'apt-'))
  try {
    const download = async (options: string[]) => run('apt-get', [...options, '-qq', 'download', ...await wantedPackages(options, name)], { cwd: folder })
    // The machine's own lists may be old (the file is gone from the mirror) or absent.
    await download(['-o', 'APT::Sandbox::User=']).catch(async () => download(await refreshedLists(folder)))
    for (const file of readdirSync(folder).filter(entry => entry.endsWith('.deb'))) await run('dpkg', ['-x', join(folder, file), into])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
