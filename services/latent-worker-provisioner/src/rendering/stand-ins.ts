import type { Json } from '@yardmaster/domain'

/**
 * What only the machine itself may know stands in its options as parts: { $parts: ['YARD_WORKER_PASSWORD=', { worker: 'password' }] }. So the ledger may keep
 * them, and equal options look equal for every worker.
 */
export type StandIn = { worker: string } | { secret: string }

/** Marks stand-ins while options are rendered. Its mark is chosen by chance, so that no property of a build can name a secret by looking like one. */
export type StandInMarks = { mark(standIn: StandIn): string; parse(rendered: Json): Json }

export function createMarks(chance: string): StandInMarks {
  const known: StandIn[] = []
  const pattern = new RegExp(`\u{E000}${chance}:(\\d+)\u{E001}`, 'u')
  const parse = (value: Json): Json => {
    if (typeof value === 'string') return parseText(value)
    if (value === null || typeof value !== 'object') return value
    if (Array.isArray(value)) return value.map(parse)
    const entries = Object.entries(value).map(([key, item]) => [key, parse(item)] as const)
    // What looks like ours but came from elsewhere is kept as what it is.
    return '$parts' in value || '$data' in value ? { $data: entries.map(([key, item]) => [key, item]) } : Object.fromEntries(entries)
  }
  const parseText = (text: string): Json => {
    // With a group, every second piece is the number of a stand-in.
    const pieces = text.split(new RegExp(pattern, 'gu'))
    if (pieces.length === 1) return text
    return { $parts: pieces.flatMap((piece, index): Json[] => (index % 2 === 1 ? [known[Number(piece)]!] : piece === '' ? [] : [piece])) }
  }
  return {
    mark(standIn) {
      known.push(standIn)
      return `\u{E000}${chance}:${known.length - 1}\u{E001}`
    },
    parse,
  }
}

export type StandInValues = { worker: { [name: string]: string }; secret(name: string): string | undefined }

/** The options with their stand-ins' values. Throws when a secret does not exist. */
export function fillStandIns(value: Json, values: StandInValues): Json {
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return value.map(item => fillStandIns(item, values))
  if (Array.isArray(value['$parts'])) return value['$parts'].map(part => fillPart(part, values)).join('')
  if (Array.isArray(value['$data'])) return Object.fromEntries(value['$data'].map(entry => [String((entry as Json[])[0]), fillStandIns((entry as Json[])[1]!, values)]))
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fillStandIns(item, values)]))
}

function fillPart(part: Json, { worker, secret }: StandInValues): string {
  if (typeof part === 'string') return part
  const { worker: name, secret: secretName } = part as { worker?: string; secret?: string }
  if (name !== undefined) return worker[name] ?? ''
  const value = secret(secretName!)
  if (value === undefined) throw new Error(`there is no secret named '${secretName!}': no provider of this installation has it`)
  return value
}
