import { z } from 'zod'

const Seconds = z.number().positive()
const Path = z.string().min(1)
const Paths = z.object({ paths: z.array(Path).min(1) })
const OnePath = z.object({ path: Path })

/** A file whose lines are sent as a log of its own. `follow` begins at the file's end; else it is read from its start once it changes. */
export const Logfile = z.object({ filename: Path, follow: z.boolean() })
export type Logfile = z.infer<typeof Logfile>

/**
 * A process to run. Exactly one of `argv` (executed as it is) and `command` (given to `/bin/sh -c`). `workdir` is relative to the worker's
 * basedir, is made when absent, and may not leave the basedir. In `env`, null removes a variable and `${NAME}` stands for the worker's own.
 * `timeout` is the longest silence and `maxTime` the longest duration, in seconds; `sigtermTime` asks for TERM that many seconds before KILL.
 */
export const ShellArgs = z.object({
  argv: z.array(z.string()).min(1).optional(),
  command: z.string().optional(),
  env: z.record(z.string(), z.string().nullable()),
  workdir: z.string(),
  timeout: Seconds.nullable(),
  maxTime: Seconds.nullable(),
  sigtermTime: Seconds.nullable(),
  logfiles: z.record(z.string().min(1).refine(name => name !== 'stdio', 'must not be "stdio"'), Logfile),
  usePTY: z.boolean(),
  logEnviron: z.boolean(),
  initialStdin: z.string().nullable(),
}).refine(args => (args.argv === undefined) !== (args.command === undefined), 'needs exactly one of argv and command')
export type ShellArgs = z.infer<typeof ShellArgs>

/**
 * What a worker can be asked to do. Paths are relative to its basedir; mkdir, rmdir, rmfile and the target of cpdir may not leave it.
 * The kinds other than `shell` end with rc 0 or the errno, a header line that says what went wrong, and as `result`:
 * stat the ten numbers [mode, ino, dev, nlink, uid, gid, size, atime, mtime, ctime]; listdir the names; glob the matching paths.
 */
export const CommandSpec = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('shell'), args: ShellArgs }),
  z.object({ kind: z.literal('mkdir'), args: Paths }),
  z.object({ kind: z.literal('rmdir'), args: Paths }),
  z.object({ kind: z.literal('rmfile'), args: Paths }),
  z.object({ kind: z.literal('stat'), args: OnePath }),
  z.object({ kind: z.literal('listdir'), args: OnePath }),
  z.object({ kind: z.literal('glob'), args: OnePath }),
  /** Sends a file, at most `maxBytes` of it: what is longer ends with EFBIG, and what was sent is its beginning. */
  z.object({ kind: z.literal('upload'), args: z.object({ path: Path, maxBytes: z.number().int().positive() }) }),
  z.object({ kind: z.literal('cpdir'), args: z.object({ from: Path, to: Path }) }),
])
export type CommandSpec = z.infer<typeof CommandSpec>
export type CommandKind = CommandSpec['kind']

/** `installation/build/step/n`, unique for ever. */
export const CommandId = z.string().min(1).max(256).regex(/^[\w.:/-]+$/, 'may have letters, digits and _ . : / - only')
