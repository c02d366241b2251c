import pino, { type DestinationStream, type Logger } from 'pino'
import { formatLogLine } from './log-line.js'
import { maskCredentials } from './mask.js'

export type { Logger } from 'pino'
export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

const secretKeys = ['password', 'secret', 'token', 'apiToken', 'authorization', 'Authorization', 'cookie']
const redactedPaths = ['', '*.', '*.*.'].flatMap(above => secretKeys.map(key => `${above}${key}`))

function serializeError(error: unknown): unknown {
  const plain: unknown = error instanceof Error ? pino.stdSerializers.errWithCause(error) : error
  if (typeof plain !== 'object' || plain === null) return plain
  return Object.fromEntries(Object.entries(plain).map(([key, value]) => [key, typeof value === 'string' ? maskCredentials(value) : value]))
}

/** Written synchronously, so that what was logged before a crash is there. */
function standardOutput(): DestinationStream {
  const output = pino.destination({ dest: 1, sync: true })
  // The reader of our output may die before we do; that must not keep us from an orderly stop.
  output.on('error', () => {})
  return process.stdout.isTTY ? { write: line => output.write(`${formatLogLine(line, { colours: process.env.NO_COLOR === undefined })}\n`) } : output
}

/** The process's logger: JSON lines (readable ones on a terminal), keys that hold secrets removed, credentials in URLs of errors masked. */
export function createLogger({ name, level = 'info', destination = standardOutput() }: { name: string; level?: LogLevel; destination?: DestinationStream }): Logger {
  return pino(
    {
      name,
      level,
      base: { pid: process.pid },
      redact: { paths: redactedPaths, censor: '***' },
      formatters: { level: label => ({ level: label }) },
      serializers: { err: serializeError, error: serializeError },
    },
    destination,
  )
}
