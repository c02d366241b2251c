/** One event for all who get it: each form of its text is made once. */
export class Message {
  readonly path: string
  /** The resource as JSON text. */
  readonly state: string
  /** Who has it has read the event stream up to here; null: it is not of the event stream. */
  readonly place: string | null
  #sse: Buffer | undefined
  #frame: Buffer | undefined
  #frameWithPlace: Buffer | undefined

  constructor(path: string, state: string, place: string | null) {
    this.path = path
    this.state = state
    this.place = place
  }

  /** About how much it is on the wire. */
  get size(): number {
    return this.state.length + 128
  }

  get sse(): Buffer {
    this.#sse ??= Buffer.from(`${this.place === null ? '' : `id: ${this.place}\n`}event: event\ndata: {"key":${JSON.stringify(this.path.split('/'))},"message":${this.state}}\n\n`)
    return this.#sse
  }

  get frame(): Buffer {
    this.#frame ??= Buffer.from(`{"k":${JSON.stringify(this.path)},"m":${this.state}}`)
    return this.#frame
  }

  get frameWithPlace(): Buffer {
    if (this.place === null) return this.frame
    this.#frameWithPlace ??= Buffer.from(`{"k":${JSON.stringify(this.path)},"m":${this.state},"position":"${this.place}"}`)
    return this.#frameWithPlace
  }
}
