import { z } from 'zod'
import { CommandId } from './command.js'

const Count = z.number().int().nonnegative()
/** Sequence number of a message within its command: 1, 2, 3... */
const Seq = z.number().int().positive()

/** What the worker says of itself, beside what is configured: os, arch, and what it was started with. */
export const Labels = z.record(z.string().min(1).max(100), z.string().max(1000)).refine(labels => Object.keys(labels).length <= 100, 'at most 100 labels')
export type Labels = z.infer<typeof Labels>

/**
 * What the worker says of its machine. `load1` is the load average of one minute; `files` are those of `basedir/info`, of which `admin` and `host`
 * (who looks after it, and what it is) are also said by themselves, as in Buildbot.
 */
export const WorkerInfo = z.object({
  platform: z.string(),
  arch: z.string(),
  cores: Count,
  memoryBytes: Count,
  diskFreeBytes: Count,
  load1: z.number(),
  hostname: z.string(),
  basedir: z.string(),
  admin: z.string().optional(),
  host: z.string().optional(),
  files: z.record(z.string(), z.string()).optional(),
})
export type WorkerInfo = z.infer<typeof WorkerInfo>

/** A command that the worker knows: `lastSeq` is the highest number given so far, 0 for `lost`. */
export const Held = z.object({ command: CommandId, state: z.enum(['running', 'ended', 'lost']), lastSeq: Count })
export type Held = z.infer<typeof Held>

export const Hello = z.object({
  type: z.literal('hello'),
  protocol: z.literal(1),
  process: z.uuid(),
  version: z.string(),
  info: WorkerInfo,
  labels: Labels.optional(),
  /** Kinds of commands that not every version of the worker knows. */
  can: z.array(z.string()).optional(),
  /** It takes one build and goes. */
  once: z.boolean().optional(),
  held: z.array(Held),
})
export type Hello = z.infer<typeof Hello>

/**
 * Whole lines of one log, UTF-8, each ending in \n: `lines` of them. In the log `stdio` each line begins with its stream: `o`, `e` or `h` (header).
 * A line is at most 4096 characters with its \n; longer ones were cut.
 * An upload's bytes are the log `content`, as they are: `lines` is 1 and says nothing.
 */
export const Output = z.object({
  type: z.literal('output'),
  command: CommandId,
  seq: Seq,
  log: z.string().min(1),
  lines: z.number().int().positive(),
  content: z.custom<Uint8Array>(value => value instanceof Uint8Array, 'must be bytes'),
})
export type Output = z.infer<typeof Output>

/**
 * `spawn`: what was asked for cannot be executed. `worker`: the machine could not do what it should (its disk is full, its base directory is gone,
 * it has no process left); `result` then says what.
 */
export const FailureReason = z.enum(['timeout', 'timeout_without_output', 'interrupted', 'spawn', 'worker'])
export type FailureReason = z.infer<typeof FailureReason>

/** The last message of a command. `rc` is -1 for death by a signal; `elapsed` is in seconds. */
export const Ended = z.object({
  type: z.literal('ended'),
  command: CommandId,
  seq: Seq,
  rc: z.number().int(),
  failureReason: FailureReason.nullable(),
  elapsed: z.number().nonnegative(),
  result: z.json().optional(),
})
export type Ended = z.infer<typeof Ended>

export const Pong = z.object({ type: z.literal('pong'), n: Count })
export type Pong = z.infer<typeof Pong>

/** Sent after the welcome and every 30 s. */
export const Status = z.object({ type: z.literal('status'), load1: z.number(), diskFreeBytes: Count, memoryFreeBytes: Count })
export type Status = z.infer<typeof Status>

export const Goodbye = z.object({ type: z.literal('goodbye'), why: z.string() })
export type Goodbye = z.infer<typeof Goodbye>

/** Somebody at the worker's machine wants it to go: it is to be given no further build, and asked to shut down once it is idle. */
export const Leaving = z.object({ type: z.literal('leaving'), why: z.string() })
export type Leaving = z.infer<typeof Leaving>

export const WorkerMessage = z.discriminatedUnion('type', [Hello, Output, Ended, Pong, Status, Leaving, Goodbye])
export type WorkerMessage = z.infer<typeof WorkerMessage>
