import { createLogger, type LogLevel } from '../logger.js'

export type LogRecord = { [key: string]: unknown }

/** A logger whose records a test can read. */
export function collectedLog(level: LogLevel = 'debug') {
  const lines: string[] = []
  const logger = createLogger({ name: 'test', level, destination: { write: (line: string) => void lines.push(line) } })
  return { logger, lines, records: () => lines.map(line => JSON.parse(line) as LogRecord) }
}
