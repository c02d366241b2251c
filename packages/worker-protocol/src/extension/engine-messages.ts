import { z } from 'zod'
import { CommandId, CommandSpec } from './command.js'

const Count = z.number().int().nonnegative()

const Interval = z.number().int().positive()

/** `session` is the number of this worker session; `keepaliveMs` how often the engine will ping, and `busyMs` how often while the worker runs something for it. */
export const Welcome = z.object({ type: z.literal('welcome'), installation: z.string(), session: Count, keepaliveMs: Interval, busyMs: Interval.optional() })
export type Welcome = z.infer<typeof Welcome>

/** The answer to `hello.held`. */
export const Decide = z.object({
  type: z.literal('decide'),
  resume: z.array(z.object({ command: CommandId, fromSeq: Count })),
  forget: z.array(CommandId),
  kill: z.array(CommandId),
})
export type Decide = z.infer<typeof Decide>

export const Start = z.intersection(z.object({ type: z.literal('start'), command: CommandId }), CommandSpec)
export type Start = z.infer<typeof Start>

export const Interrupt = z.object({ type: z.literal('interrupt'), command: CommandId, why: z.string() })
export type Interrupt = z.infer<typeof Interrupt>

/** Everything of the command up to `seq`, inclusive, is committed. */
export const Ack = z.object({ type: z.literal('ack'), command: CommandId, seq: Count })
export type Ack = z.infer<typeof Ack>

/** `nextMs`: how soon the next one comes; as long as the last one said, when absent. */
export const Ping = z.object({ type: z.literal('ping'), n: Count, nextMs: Interval.optional() })
export type Ping = z.infer<typeof Ping>

/** `now`: kill what runs and end; else finish it first. */
export const Shutdown = z.object({ type: z.literal('shutdown'), why: z.string(), now: z.boolean().optional() })
export type Shutdown = z.infer<typeof Shutdown>

/** A line for the worker's own log. */
export const Print = z.object({ type: z.literal('print'), message: z.string() })
export type Print = z.infer<typeof Print>

/** This engine cannot use the worker, and closes after this. `engines`: addresses of those that can, as far as they say; may be none. */
export const Elsewhere = z.object({ type: z.literal('elsewhere'), why: z.string(), engines: z.array(z.string()) })
export type Elsewhere = z.infer<typeof Elsewhere>

export const EngineMessage = z.union([z.discriminatedUnion('type', [Welcome, Decide, Interrupt, Ack, Ping, Shutdown, Print, Elsewhere]), Start])
export type EngineMessage = z.infer<typeof EngineMessage>
