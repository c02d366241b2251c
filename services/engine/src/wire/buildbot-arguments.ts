import { posix, win32 } from 'node:path'
import type { CommandSpec } from '@yardmaster/worker-protocol'

/** What of the stock worker's machine matters for its commands. */
export type StockPlace = { basedir: string; system: string }

/** Every process of a command has it in its environment, by which it is found when nobody is connected to it any more. */
export const MARKER = 'YARD_COMMAND'

const PIECE_BYTES = 256 * 1024

type ShellArgs = Extract<CommandSpec, { kind: 'shell' }>['args']

export type StockCommand = { name: string; args: { [key: string]: unknown } }

/**
 * A command as a stock worker is asked for it, one after the other until one fails: paths are absolute.
 * Throws when a path that is written to leaves the basedir.
 */
export function stockCommands(spec: CommandSpec, commandId: string, place: StockPlace): [StockCommand, ...StockCommand[]] {
  if (spec.kind !== 'rmfile') return [stockCommand(spec, commandId, place)]
  const [first, ...rest] = spec.args.paths.map(path => ({ name: 'rmfile', args: { path: within(place, path, false) } }))
  return [first!, ...rest]
}

function stockCommand(spec: Exclude<CommandSpec, { kind: 'rmfile' }>, commandId: string, place: StockPlace): StockCommand {
  const at = (path: string) => resolve(place, path)
  const inside = (path: string) => within(place, path)
  const below = (path: string) => within(place, path, false)
  switch (spec.kind) {
    case 'shell': return { name: 'shell', args: shellArgs(spec.args, commandId, inside(spec.args.workdir)) }
    case 'mkdir': return { name: 'mkdir', args: { paths: spec.args.paths.map(inside) } }
    // Without `timeout: null` it gives up after two silent minutes, which a big tree takes.
    case 'rmdir': return { name: 'rmdir', args: { paths: spec.args.paths.map(below), timeout: null, logEnviron: false } }
    case 'cpdir': return { name: 'cpdir', args: { from_path: at(spec.args.from), to_path: below(spec.args.to), timeout: null, logEnviron: false } }
    case 'upload': return { name: 'upload_file', args: { path: at(spec.args.path), maxsize: spec.args.maxBytes, blocksize: PIECE_BYTES, keepstamp: false } }
    case 'stat':
    case 'listdir':
    case 'glob': return { name: spec.kind, args: { path: at(spec.args.path) } }
  }
}

function shellArgs(args: ShellArgs, commandId: string, workdir: string): { [key: string]: unknown } {
  const { PYTHONPATH, ...env } = args.env
  return {
    workdir,
    command: args.argv ?? args.command,
    // The worker adds its own PYTHONPATH to ours, and fails when ours is null.
    env: { ...env, ...(typeof PYTHONPATH === 'string' ? { PYTHONPATH } : {}), [MARKER]: commandId },
    timeout: args.timeout,
    maxTime: args.maxTime,
    sigtermTime: args.sigtermTime,
    logfiles: args.logfiles,
    usePTY: args.usePTY,
    logEnviron: args.logEnviron,
    initial_stdin: args.initialStdin,
  }
}

/** As our own worker has it: what a command lists is relative where it was asked for so. */
export function stockResult(spec: CommandSpec, found: (string | number)[], { basedir, system }: StockPlace): (string | number)[] {
  if (spec.kind === 'stat') return found.map(Number)
  const { isAbsolute, relative } = pathsOf(system)
  const names = spec.kind === 'glob' && !isAbsolute(spec.args.path) ? found.map(path => relative(basedir, String(path))) : found.map(String)
  return names.sort()
}

function pathsOf(system: string): typeof posix {
  return system === 'nt' ? win32 : posix
}

/** Not by `resolve`: on this machine's current folder nothing may depend. */
function resolve({ basedir, system }: StockPlace, path: string): string {
  const { isAbsolute, join, normalize } = pathsOf(system)
  return isAbsolute(path) ? normalize(path) : join(basedir, path)
}

function within(place: StockPlace, path: string, orItself = true): string {
  const { isAbsolute, relative, sep } = pathsOf(place.system)
  const full = resolve(place, path)
  const way = relative(place.basedir, full)
  if (way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way)) throw new Error(`'${path}' is outside of the worker's base directory ${place.basedir}`)
  if (way === '' && !orItself) throw new Error(`'${path}' is the worker's base directory itself`)
  return full
}
