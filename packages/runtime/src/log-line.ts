const hidden = new Set(['level', 'time', 'pid', 'name', 'msg', 'err', 'error', 'hostname'])
const colourOf: { [level: string]: number } = { fatal: 31, error: 31, warn: 33, debug: 2, trace: 2 }

function paint(code: number | undefined, text: string, colours: boolean): string {
  return colours && code !== undefined ? `\u001b[${code}m${text}\u001b[0m` : text
}

function isRecord(value: unknown): value is { [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function parse(line: string): { [key: string]: unknown } | null {
  if (!line.startsWith('{')) return null
  try {
    const record: unknown = JSON.parse(line)
    return isRecord(record) && typeof record.level === 'string' && typeof record.time === 'number' ? record : null
  } catch {
    return null
  }
}

const text = (value: unknown) => (typeof value === 'string' ? value : '')
const show = (value: unknown) => (typeof value === 'string' && /^[^\s"]+$/.test(value) ? value : JSON.stringify(value))

/** The other end is away: what node, PostgreSQL and its driver say then. Where it was noticed helps nobody. */
const awayCodes = /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|57P0[123]|08\w{3})$/

function showError(error: unknown): string {
  if (!isRecord(error)) return ''
  const [message, stack] = [text(error.message), text(error.stack)]
  const away = awayCodes.test(text(error.code)) || message.startsWith('Connection terminated')
  return `\n  ${((away && message) || stack || message).replaceAll('\n', '\n  ')}`
}

/** One JSON line of `createLogger` as people read it: time, level, message, `key=value`, the error's stack below (its message alone when a server is away). Anything else comes back as it is. */
export function formatLogLine(line: string, { colours = false }: { colours?: boolean } = {}): string {
  const record = parse(line.trimEnd())
  if (!record) return line.trimEnd()
  const level = text(record.level)
  const time = new Date(Number(record.time)).toISOString().slice(11, 23)
  const fields = Object.entries(record).filter(([key]) => !hidden.has(key)).map(([key, value]) => `${key}=${show(value)}`)
  const head = [paint(2, time, colours), paint(colourOf[level], level.padEnd(5), colours), text(record.msg)].join(' ')
  return [head, ...fields.map(field => paint(2, field, colours))].join(' ') + showError(record.err ?? record.error)
}
