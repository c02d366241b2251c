const MOST_CHARACTERS = 1024 * 1024

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
