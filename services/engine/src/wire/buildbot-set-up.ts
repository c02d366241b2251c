import { posix, win32 } from 'node:path'
import { ProtocolError, StockInfo } from '@yardmaster/worker-protocol'
import type { BuildbotLink } from './buildbot-link.js'
import type { Newcomer } from './newcomer.js'

/** How a stock worker is to cut what its commands print into lines: as Buildbot's own master has it, but for the two last. */
const SETTINGS = {
  newline_re: String.raw`(\r\n|\r(?=.)|\033\[u|\033\[[0-9]+;[0-9]+[Hf]|\033\[2J|\x08+)`,
  buffer_size: 64 * 1024,
  // Worker 3.7 loses characters when it cuts a line that is much longer than this; ours is cut here.
  max_line_length: 1024 * 1024,
  // Buildbot's 5 s are how late a line may be seen.
  buffer_timeout: 0.2,
}
const COMMAND_MS = 30_000
const MOST_CHARACTERS = 4096
/** What it says that is no information about it; its environment may have secrets. */
const UNTOLD = new Set(['environ', 'worker_commands', 'delete_leftover_dirs', 'basedir', 'system', 'numcpus', 'version'])
const ARCHITECTURES: { [machine: string]: string } = { x86_64: 'x64', amd64: 'x64', aarch64: 'arm64', i686: 'ia32', i386: 'ia32' }

/**
 * What Buildbot's own master does first on a new connection, in its order. Resolves with what the worker has told of itself. `connection` stands
 * for its process where that cannot be told from others.
 */
export async function setUpStockWorker(link: BuildbotLink, connection: string): Promise<Newcomer> {
  const { wire, commands } = link
  await wire.request('print', { message: 'attached' })
  const told = StockInfo.safeParse(await wire.request('get_worker_info'))
  if (!told.success) throw new ProtocolError(`get_worker_info: ${told.error.issues[0]?.path.join('.')}: ${told.error.issues[0]?.message}`)
  const { basedir, system, version, numcpus } = told.data
  link.place = { basedir, system }
  await wire.request('set_worker_settings', { args: SETTINGS })
  await commands.ask({ name: 'listdir', args: { path: basedir } }, COMMAND_MS)
  await commands.ask({ name: 'mkdir', args: { paths: [(system === 'nt' ? win32 : posix).join(basedir, 'info')] } }, COMMAND_MS)
  const { process = connection, ...machine } = await machineOf(link)
  const labels = { os: machine.platform, ...(machine.arch ? { arch: machine.arch } : {}) }
  return { process, version, labels, held: [], info: { ...infoOf(told.data), ...machine, basedir, cores: numcpus } }
}

/** The machine, and which process of it the worker is: it does not say so itself, but is the parent of what it starts. */
const WHO = `uname -sm; uname -n; echo $PPID
if { read -r line < "/proc/$PPID/stat"; } 2>/dev/null; then set -- \${line##*) }; shift 19; echo "$1"; else LC_ALL=C ps -o lstart= -p $PPID; fi`

async function machineOf({ commands, place: { basedir, system } }: BuildbotLink): Promise<{ platform: string; arch?: string; process?: string }> {
  if (system !== 'posix') return { platform: system === 'nt' ? 'win32' : system }
  const { stdout } = await commands.ask({ name: 'shell', args: { workdir: basedir, command: ['/bin/sh', '-c', WHO], env: {}, logEnviron: false, usePTY: false, timeout: 20 } }, COMMAND_MS)
  const [what = '', node, pid, started] = stdout.split('\n').map(line => line.trim())
  const [platform = system, machine] = what.toLowerCase().split(/\s+/)
  return { platform, ...(machine ? { arch: ARCHITECTURES[machine] ?? machine } : {}), ...(pid && started ? { process: `${node} ${pid} ${started}` } : {}) }
}

/** The files of its `info` folder (admin, host, access_uri...) and os_* of its system. */
function infoOf(told: StockInfo): { [name: string]: string } {
  return Object.fromEntries(Object.entries(told)
    .filter((entry): entry is [string, string] => !UNTOLD.has(entry[0]) && typeof entry[1] === 'string')
    .map(([name, text]) => [name, text.replaceAll('\0', '').slice(0, MOST_CHARACTERS).trimEnd()]))
}
