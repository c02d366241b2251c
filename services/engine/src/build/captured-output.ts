const MOST_CHARACTERS = 1024 * 1024

/** What a command printed, for the functions that read it: the last 1 MiB of each stream. */
export class CapturedOutput {
  #text = { o: '', e: '' }

  /** Whole lines, each prefixed with its stream's letter. */
  add(content: Uint8Array): void {
    for (const line of Buffer.from(content.buffer, content.byteOffset, content.byteLength).toString('utf8').split('\n')) {
      const stream = line[0]
      if (stream === 'o' || stream === 'e') this.#text[stream] = `${this.#text[stream]}${line.slice(1)}\n`
    }
    for (const stream of ['o', 'e'] as const) if (this.#text[stream].length > 2 * MOST_CHARACTERS) this.#text[stream] = this.#text[stream].slice(-MOST_CHARACTERS)
  }

  get stdout(): string {
    return this.#text.o.slice(-MOST_CHARACTERS)
  }

  get stderr(): string {
    return this.#text.e.slice(-MOST_CHARACTERS)
  }
}
