import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/** What a machine may change as if it were its own; the host keeps what it had. */
const ownFolders = ['/etc', '/var', '/root', '/home', '/opt', '/srv', '/usr/local']

/** Linux namespaces: processes that end with the machine, a host name, and files of its own over the host's. */
const prefixes: readonly string[][] = [
  ['setpriv', '--pdeathsig', 'KILL', 'unshare', '--mount', '--uts', '--ipc', '--pid', '--fork', '--kill-child', '--mount-proc', '--propagation', 'private', '--'],
  ['setpriv', '--pdeathsig', 'KILL', 'unshare', '--user', '--map-root-user', '--mount', '--uts', '--ipc', '--pid', '--fork', '--kill-child', '--mount-proc', '--propagation', 'private', '--'],
]

export type Sandbox = {
  /** Whether machines have files and process ids of their own. */
  isolated: boolean
  /** The command that runs `command` inside. */
  wrap(command: readonly string[]): string[]
  /** Shell lines that give a machine with this folder its own view of files. */
  mounts(folder: string): string[]
}

const quoted = (text: string) => `'${text.replaceAll("'", String.raw`'\''`)}'`

const overlay = (target: string, layer: string) => [
  `mkdir -p ${quoted(`${layer}/upper`)} ${quoted(`${layer}/work`)}`,
  `mount -t overlay overlay -o ${quoted(`lowerdir=${target},upperdir=${layer}/upper,workdir=${layer}/work`)} ${target}`,
]

/** A layer cannot lie in the folder that it covers. */
const mountsFor = (folder: string) =>
  ownFolders.filter(target => !`${folder}/`.startsWith(`${target}/`)).flatMap(target => [`[ ! -d ${target} ] || {`, ...overlay(target, join(folder, 'files', target.slice(1).replaceAll('/', '-'))), '}'])

function works(prefix: readonly string[], home: string): boolean {
  const folder = join(home, 'probe')
  mkdirSync(folder, { recursive: true })
  const [program = '', ...args] = prefix
  const { status } = spawnSync(program, [...args, 'sh', '-c', ['set -e', ...mountsFor(folder)].join('\n')], { stdio: 'ignore', timeout: 10_000 })
  rmSync(folder, { recursive: true, force: true })
  return status === 0
}

/** Scripts see and change the host's files with our rights. */
const bare: Sandbox = { isolated: false, wrap: command => [...command], mounts: () => [] }

/** The closest to a machine that this host and our rights allow. */
export function findSandbox(home: string, isolate = true): Sandbox {
  const prefix = isolate && process.platform === 'linux' ? prefixes.find(one => works(one, home)) : undefined
  if (!prefix) return bare
  return { isolated: true, wrap: command => [...prefix, ...command], mounts: mountsFor }
}
