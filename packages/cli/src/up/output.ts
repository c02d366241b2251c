import { formatLogLine, type Clock } from '@yardmaster/runtime'
import picocolors from 'picocolors'

/** What `yard up` writes. `json`: every line is one JSON object, the roles' own log lines unchanged. */
export type UpOutput = {
  /** Runs one stage of the start; when it succeeds, a line with its time. */
  stage<T>(name: string, work: () => Promise<T>): Promise<T>
  note(text: string): void
  /** One line that a child process wrote. */
  childLine(name: string, text: string): void
  ready(url: string): void
}

export type OutputOptions = { write(line: string): void; clock: Clock; colours: boolean; json: boolean }

const nameWidth = 12
const stageWidth = 24

export function readableOutput({ write, clock, colours }: OutputOptions): UpOutput {
  const paint = picocolors.createColors(colours)
  const palette = [paint.cyan, paint.magenta, paint.yellow, paint.green, paint.blue]
  const colourOf = new Map<string, (text: string) => string>()
  const prefix = (name: string) => {
    const colour = colourOf.get(name) ?? palette[colourOf.size % palette.length] ?? String
    colourOf.set(name, colour)
    return colour(`${name.padEnd(nameWidth)}|`)
  }
  return {
    async stage(name, work) {
      const began = clock.monotonic()
      const outcome = await work()
      write(`${paint.green('✓')} ${name.padEnd(stageWidth)} ${((clock.monotonic() - began) / 1000).toFixed(1)} s`)
      return outcome
    },
    note: text => write(text),
    childLine(name, text) {
      for (const line of formatLogLine(text, { colours }).split('\n')) write(`${prefix(name)} ${line}`)
    },
    ready: url => write(`Yardmaster is ready: ${url}`),
  }
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}

export function jsonOutput({ write, clock }: OutputOptions): UpOutput {
  const say = (fields: object) => write(JSON.stringify({ level: 'info', time: clock.now(), name: 'yard', ...fields }))
  return {
    async stage(name, work) {
      const began = clock.monotonic()
      const outcome = await work()
      say({ msg: name, stage: name, ms: Math.round(clock.monotonic() - began) })
      return outcome
    },
    note: text => say({ msg: text }),
    childLine: (name, text) => isJsonObject(text) ? write(text) : say({ name, msg: text }),
    ready: url => say({ msg: 'Yardmaster is ready', url }),
  }
}
