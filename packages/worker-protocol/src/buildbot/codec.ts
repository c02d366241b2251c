import type { z } from 'zod'
import { pack, ProtocolError, unpackMap } from '../msgpack.js'
import { Complete, Other, Response, Update, UPDATE_KEYS, UpdateEntry, UploadClose, UploadWrite, type Stream } from './messages.js'

/** What a stock worker says, parsed. */
export type StockMessage =
  | Response
  | { op: 'update'; seq_number: number; command_id: string; entries: UpdateEntry[] }
  | Complete
  /** The next piece of a file; null: that was all of it. */
  | { op: 'upload'; seq_number: number; command_id: string; content: Uint8Array | null }
  | { op: 'unknown'; name: string; seq_number: number }

/** What we ask of a stock worker; the answer has the same number. */
export type StockRequest = { op: string; seq_number: number; [key: string]: unknown }
export type StockResponse = { op: 'response'; seq_number: number; result: unknown; is_exception?: true }

export function encodeStock(message: StockRequest | StockResponse): Buffer {
  return pack(message)
}

/** One message of a stock worker. Throws ProtocolError, which names the field. */
export function decodeStock(data: Uint8Array): StockMessage {
  const value = unpackMap(data)
  switch (value['op']) {
    case 'response': return parse(Response, value)
    case 'complete': return parse(Complete, value)
    case 'update': {
      const { op, seq_number, command_id, args } = parse(Update, value)
      return { op, seq_number, command_id, entries: args.filter(([key]) => UPDATE_KEYS.has(key)).map(entryOf) }
    }
    case 'update_upload_file_write': {
      const { seq_number, command_id, args } = parse(UploadWrite, value)
      return { op: 'upload', seq_number, command_id, content: args }
    }
    case 'update_upload_file_close': return { ...parse(UploadClose, value), op: 'upload', content: null }
    default: {
      const { op, seq_number } = parse(Other, value)
      return { op: 'unknown', name: op, seq_number }
    }
  }
}

/** The hot ones by hand; zod says what is wrong. */
function entryOf(entry: [string, unknown]): UpdateEntry {
  const [key, value] = entry
  if ((key === 'stdout' || key === 'stderr' || key === 'header') && Array.isArray(value) && typeof value[0] === 'string') return [key satisfies Stream, [value[0]]]
  return parse(UpdateEntry, entry)
}

function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const outcome = schema.safeParse(value)
  if (outcome.success) return outcome.data
  const issue = outcome.error.issues[0]
  throw new ProtocolError(`stock worker: ${issue?.path.map(String).join('.') || 'message'}: ${issue?.message ?? 'invalid'}`, { cause: outcome.error })
}
