import { Packr } from 'msgpackr'

/** The peer sent what the protocol does not allow: close that connection with `CLOSE_PROTOCOL_ERROR` and `reason`. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError'
  /** The message, as a close frame has room for it. */
  get reason(): string {
    return closeReason(this.message)
  }
}

/** Cut to the 123 bytes that a WebSocket close frame has room for. */
export function closeReason(text: string): string {
  return Buffer.from(text).subarray(0, 120).toString('utf8').replace(/\ufffd+$/, '')
}

const packr = new Packr({ useRecords: false, mapsAsObjects: true, int64AsType: 'number' })

export function pack(message: object): Buffer {
  return packr.pack(message)
}

/** Throws ProtocolError when it is not one MessagePack map. */
export function unpackMap(data: Uint8Array): Record<string, unknown> {
  let value: unknown
  try {
    value = packr.unpack(data)
  } catch (cause) {
    throw new ProtocolError(`not MessagePack (${data.byteLength} bytes)`, { cause })
  }
  if (!isMap(value)) throw new ProtocolError(`expected a MessagePack map, found ${Array.isArray(value) ? 'an array' : typeof value}`)
  return value
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
}
