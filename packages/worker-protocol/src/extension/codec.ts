import type { z } from 'zod'
import { Ack, Decide, Elsewhere, type EngineMessage, Interrupt, Ping, Print, Shutdown, Start, Welcome } from './engine-messages.js'
import { Ended, Goodbye, Hello, Leaving, type Output, Output as OutputSchema, Pong, Status, type WorkerMessage } from './worker-messages.js'
import { pack, ProtocolError, unpackMap } from '../msgpack.js'

/** What both sides name in the WebSocket handshake. */
export const SUBPROTOCOL = 'yardmaster.v1'

/** The largest message either side accepts (`maxPayload`): room for a `start` with a big environment or a listing of a big directory. */
export const MAX_MESSAGE_BYTES = 16 * 1024 * 1024

/** WebSocket close code for a message that does not parse. */
export const CLOSE_PROTOCOL_ERROR = 1002
/** This engine cannot take the worker, or keep it: another one may. */
export const CLOSE_TRY_AGAIN = 1013
/** Another process of the worker is connected, and answers. */
export const CLOSE_DUPLICATE = 4009
/** This engine gives the worker away (it drains, or has more than its share): there is another, or soon will be. */
export const CLOSE_GO_ELSEWHERE = 1012

/** One message as the bytes of one binary WebSocket message. */
export function encode(message: WorkerMessage | EngineMessage): Buffer {
  return pack(message)
}

const WORKER_MESSAGES: Record<Exclude<WorkerMessage['type'], 'output'>, z.ZodType<WorkerMessage>> = {
  hello: Hello, ended: Ended, pong: Pong, status: Status, leaving: Leaving, goodbye: Goodbye,
}
const ENGINE_MESSAGES: Record<EngineMessage['type'], z.ZodType<EngineMessage>> = {
  welcome: Welcome, decide: Decide, start: Start, interrupt: Interrupt, ack: Ack, ping: Ping, shutdown: Shutdown, print: Print, elsewhere: Elsewhere,
}

/** What a worker sent. Throws ProtocolError, which names the field. `content` of an output may share memory with `data`. */
export function decodeWorkerMessage(data: Uint8Array): WorkerMessage {
  const value = unpackMap(data)
  if (value['type'] === 'output') return isOutput(value) ? value : parse(OutputSchema, value)
  return parse(schemaOf(WORKER_MESSAGES, value['type']), value)
}

/** What an engine sent. Throws ProtocolError, which names the field. */
export function decodeEngineMessage(data: Uint8Array): EngineMessage {
  const value = unpackMap(data)
  return parse(schemaOf(ENGINE_MESSAGES, value['type']), value)
}

function schemaOf<T>(schemas: Record<string, T>, type: unknown): T {
  const schema = typeof type === 'string' && Object.hasOwn(schemas, type) ? schemas[type] : undefined
  if (schema === undefined) throw new ProtocolError(`type: expected one of ${Object.keys(schemas).join(', ')}, found ${shown(type)}`)
  return schema
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? String(value)).slice(0, 40)
}

function parse<T>(schema: z.ZodType<T>, value: Record<string, unknown>): T {
  const outcome = schema.safeParse(value)
  if (outcome.success) return outcome.data
  const issue = outcome.error.issues[0]
  throw new ProtocolError(`${shown(value['type'])}: ${issue?.path.map(String).join('.') || 'message'}: ${issue?.message ?? 'invalid'}`, { cause: outcome.error })
}

/** The check of the one hot message by hand: a tenth of what zod takes, and zod says what is wrong when it fails. */
function isOutput(value: Record<string, unknown>): value is Output {
  return isId(value['command']) && isCount(value['seq']) && isCount(value['lines'])
    && typeof value['log'] === 'string' && value['log'] !== '' && value['content'] instanceof Uint8Array
}

function isId(value: unknown): boolean {
  return typeof value === 'string' && value !== '' && value.length <= 256
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) > 0
}
