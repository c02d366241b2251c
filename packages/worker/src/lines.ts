/** Longest piece of a line, without its \n, in UTF-16 units. Buildbot's max_line_length is 4096 with the \n. */
export const MAX_LINE = 4095

const RETURN = 13
const BACKSPACE = 8

/** Buildbot's newline_re; a block always ends where a separator does, so that a lone \r needs no look-ahead here. */
const SEPARATORS = /\r\n?|\x1b\[u|\x1b\[[0-9]+;[0-9]+[Hf]|\x1b\[2J|\x08+/g
/** The same for text that may go on: a \r or \b at the very end is not decided yet. */
const SETTLED_SEPARATORS = /\r(?=[^])|\x1b\[u|\x1b\[[0-9]+;[0-9]+[Hf]|\x1b\[2J|\x08(?=[^\x08])/g
const UNSETTLED_ESCAPE = /\x1b(\[[0-9;]{0,16})?$/

/** Takes whole lines: UTF-8, each ending in \n, `lines` of them. The bytes belong to the taker. */
export type LineSink = (bytes: Buffer, lines: number) => void

/**
 * Turns the bytes of one stream into whole lines, each begun with `prefix`. The lines do not depend on how the bytes were cut into
 * chunks. Invalid UTF-8 and NUL become U+FFFD.
 *
 * Measured for 100 MB in lines of 79 bytes: 0.35 s through strings, as here; 0.5 s by a loop that copies byte by byte.
 */
export class LineSplitter {
  readonly #prefix: string
  readonly #sink: LineSink
  /** The unfinished last line. */
  #partial = ''
  /** An incomplete UTF-8 sequence. */
  #bytes: Buffer = Buffer.alloc(0)

  constructor(prefix: '' | 'o' | 'e' | 'h', sink: LineSink) {
    this.#prefix = prefix
    this.#sink = sink
  }

  write(chunk: Buffer): void {
    this.#writeText(this.#decode(chunk))
  }

  /** The stream ended: an unfinished line is finished. */
  end(): void {
    const text = this.#partial + this.#bytes.toString('utf8').replaceAll('\0', '\ufffd')
    this.#partial = ''
    this.#bytes = Buffer.alloc(0)
    if (text !== '') this.#emitText(`${text}\n`)
  }

  #writeText(text: string): void {
    const whole = this.#partial + text
    const end = settledEnd(whole)
    let rest = withShortBackspaces(whole.slice(end))
    let block = whole.slice(0, end)
    const pending = pendingLength(rest)
    while (rest.length - pending > MAX_LINE) {
      const at = cutAt(rest)
      block += `${rest.slice(0, at)}\n`
      rest = rest.slice(at)
    }
    this.#partial = rest
    if (block !== '') this.#emitText(block)
  }

  /** `block` ends in a separator. */
  #emitText(block: string): void {
    const lines = block.replace(SEPARATORS, '\n').split('\n')
    lines.pop()
    const pieces = lines.some(line => line.length > MAX_LINE) ? lines.flatMap(cutLine) : lines
    if (pieces.length > 0) this.#sink(Buffer.from(`${this.#prefix}${pieces.join(`\n${this.#prefix}`)}\n`), pieces.length)
  }

  #decode(chunk: Buffer): string {
    const bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk])
    const end = bytes.length - incompleteTail(bytes)
    this.#bytes = Buffer.from(bytes.subarray(end))
    return bytes.toString('utf8', 0, end).replaceAll('\0', '\ufffd')
  }
}

/** Where the last separator ends that can be told already; 0 when there is none. */
function settledEnd(text: string): number {
  const afterNewline = text.lastIndexOf('\n') + 1
  let end = afterNewline
  for (const match of text.slice(afterNewline).matchAll(SETTLED_SEPARATORS)) end = afterNewline + match.index + match[0].length
  return end
}

/** How much at the end of an unfinished line may still become a separator. */
function pendingLength(rest: string): number {
  const last = rest.charCodeAt(rest.length - 1)
  if (last === RETURN || last === BACKSPACE) return 1
  return UNSETTLED_ESCAPE.exec(rest.slice(-20))?.[0].length ?? 0
}

/** A run of backspaces is one separator however long it is; at the end of the text it must not grow without bound. */
function withShortBackspaces(rest: string): string {
  let end = rest.length
  while (end > 1 && rest.charCodeAt(end - 1) === BACKSPACE && rest.charCodeAt(end - 2) === BACKSPACE) end--
  return rest.slice(0, end)
}

function cutAt(text: string): number {
  const last = text.charCodeAt(MAX_LINE - 1)
  return last >= 0xd800 && last < 0xdc00 ? MAX_LINE - 1 : MAX_LINE
}

function cutLine(line: string): string[] {
  const pieces: string[] = []
  let rest = line
  while (rest.length > MAX_LINE) {
    const at = cutAt(rest)
    pieces.push(rest.slice(0, at))
    rest = rest.slice(at)
  }
  pieces.push(rest)
  return pieces
}

/** Length of a UTF-8 sequence at the end of `bytes` that further bytes could complete. */
function incompleteTail(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] as number
    if (byte < 0x80) return 0
    if (byte < 0xc0) continue
    const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2
    return needed > back ? back : 0
  }
  return 0
}
