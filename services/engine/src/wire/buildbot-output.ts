import type { UpdateEntry } from '@yardmaster/worker-protocol'

/** Whole lines of one log, as our own worker would send them. */
export type LogLines = { log: string; lines: number; content: Buffer }

/** With its newline. */
const LONGEST_LINE = 4096
const STREAM_LETTER = { stdout: 'o', stderr: 'e', header: 'h' } as const

/** The lines in an update, in their order: those of the three streams together are the log `stdio`, each with the letter of its stream. */
export function linesOf(entries: UpdateEntry[]): LogLines[] {
  const found: LogLines[] = []
  let stdio = ''
  const flush = () => {
    if (stdio !== '') found.push(logLines('stdio', stdio))
    stdio = ''
  }
  for (const entry of entries) {
    if (entry[0] === 'log') {
      const [name, [text]] = entry[1]
      flush()
      const whole = wholeLines(text, LONGEST_LINE)
      if (whole !== '' && name !== '') found.push(logLines(name, whole))
    } else if (entry[0] === 'stdout' || entry[0] === 'stderr' || entry[0] === 'header') {
      stdio += prefixed(STREAM_LETTER[entry[0]], entry[1][0])
    }
  }
  flush()
  return found
}

/** Text of the stream as lines of the log `stdio`. */
export function prefixed(letter: 'o' | 'e' | 'h', text: string): string {
  const whole = wholeLines(text, LONGEST_LINE)
  return whole === '' ? '' : `${letter}${whole.slice(0, -1).replaceAll('\n', `\n${letter}`)}\n`
}

function logLines(log: string, text: string): LogLines {
  return { log, lines: countNewlines(text), content: Buffer.from(text) }
}

function countNewlines(text: string): number {
  let count = 0
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) count += 1
  return count
}

/** Ends in a newline, and no line is longer than `longest` with its own. Never cuts a character in two. */
function wholeLines(text: string, longest: number): string {
  const ended = text === '' || text.endsWith('\n') ? text : `${text}\n`
  if (ended.length <= longest) return ended
  const pieces: string[] = []
  let from = 0
  for (let begin = 0, end = ended.indexOf('\n'); end !== -1; begin = end + 1, end = ended.indexOf('\n', begin)) {
    for (let rest = begin; end - rest >= longest; rest = from) {
      const cut = rest + longest - 1 - (isHighSurrogate(ended.charCodeAt(rest + longest - 2)) ? 1 : 0)
      pieces.push(ended.slice(from, cut), '\n')
      from = cut
    }
  }
  return from === 0 ? ended : pieces.join('') + ended.slice(from)
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00
}
