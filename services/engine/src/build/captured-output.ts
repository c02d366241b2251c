import type { LineRange } from '@yardmaster/db'

const MOST_CHARACTERS = 1024 * 1024
const MOST_RANGES = 1_000

/** What a command printed, for the functions that read it: the last 1 MiB of each stream. */
export class CapturedOutput {
  readonly #streams = { o: new Tail(), e: new Tail() }

  /** Whole lines, each prefixed with its stream's letter. */
  add(content: Uint8Array): void {
    const text = { o: '', e: '' }
    for (const line of Buffer.from(content.buffer, content.byteOffset, content.byteLength).toString('utf8').split('\n')) {
      const stream = line[0]
      if (stream === 'o' || stream === 'e') text[stream] += `${line.slice(1)}\n`
    }
    this.#streams.o.add(text.o)
    this.#streams.e.add(text.e)
  }

  get stdout(): string {
    return this.#streams.o.text
  }

  get stderr(): string {
    return this.#streams.e.text
  }
}

/** Where in a log the lines of one command are, between those that others print there at the same time: what a replay reads again. */
export class OwnLines {
  readonly #ranges: LineRange[]

  constructor(ranges: LineRange[]) {
    this.#ranges = ranges.map(([first, lines]) => [first, lines])
  }

  add(first: number, lines: number): void {
    const last = this.#ranges.at(-1)
    if (last && last[0] + last[1] === first) last[1] += lines
    else this.#ranges.push([first, lines])
    // They are written with every output: of commands that print side by side for long, a replay gives less.
    if (this.#ranges.length > MOST_RANGES) this.#ranges.shift()
  }

  get ranges(): LineRange[] {
    return this.#ranges.map(([first, lines]) => [first, lines])
  }
}

/** The end of a text that grows; its pieces are dropped whole, so that each is copied once. */
class Tail {
  readonly #pieces: string[] = []
  #characters = 0

  get text(): string {
    return this.#pieces.join('').slice(-MOST_CHARACTERS)
  }

  add(piece: string): void {
    if (piece === '') return
    this.#pieces.push(piece)
    this.#characters += piece.length
    while (this.#characters - this.#pieces[0]!.length >= MOST_CHARACTERS) this.#characters -= this.#pieces.shift()!.length
  }
}
