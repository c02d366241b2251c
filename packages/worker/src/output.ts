import { encode, type Ended } from '@yardmaster/worker-protocol'
import type { Clock } from '@yardmaster/runtime'
import { LineSplitter } from './lines.js'
import type { Outbox } from './outbox.js'

const JOINED_BYTES = 64 * 1024
const LONGEST_WAIT_MS = 40

export type Ending = Pick<Ended, 'rc' | 'failureReason' | 'elapsed' | 'result'>

export type OutputOptions = { command: string; outbox: Outbox; clock: Clock; offer: () => void; connected: () => boolean }

/** What a command says: lines of any of its logs, joined to messages of about 64 KiB, and at last its ending. */
export class CommandOutput {
  readonly #options: OutputOptions
  #log = ''
  #parts: Buffer[] = []
  #bytes = 0
  #lines = 0
  #cancelTimer: (() => void) | null = null

  constructor(options: OutputOptions) {
    this.#options = options
  }

  get full(): boolean {
    return this.#options.outbox.full
  }

  room(): Promise<void> {
    return this.#options.outbox.room()
  }

  /** Header lines; `text` needs no \n at its end. */
  header(text: string): void {
    const splitter = this.stream('h')
    splitter.write(Buffer.from(text))
    splitter.end()
  }

  stream(prefix: 'o' | 'e' | 'h'): LineSplitter {
    return new LineSplitter(prefix, (bytes, lines) => this.#add('stdio', bytes, lines))
  }

  logfile(name: string): LineSplitter {
    return new LineSplitter('', (bytes, lines) => this.#add(name, bytes, lines))
  }

  /** Of a file that is sent as it is. They belong to us from here on. */
  bytes(content: Buffer): void {
    this.flush()
    this.#send(seq => encode({ type: 'output', command: this.#options.command, seq, log: 'content', lines: 1, content }))
  }

  end(ending: Ending): void {
    this.flush()
    this.#send(seq => encode({ type: 'ended', command: this.#options.command, seq, ...ending }))
  }

  flush(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = null
    if (this.#lines === 0) return
    const [first] = this.#parts
    const content = this.#parts.length === 1 && first !== undefined ? first : Buffer.concat(this.#parts)
    const [log, lines] = [this.#log, this.#lines]
    this.#parts = []
    this.#bytes = 0
    this.#lines = 0
    this.#send(seq => encode({ type: 'output', command: this.#options.command, seq, log, lines, content }))
  }

  #add(log: string, bytes: Buffer, lines: number): void {
    if (log !== this.#log) this.flush()
    this.#log = log
    this.#parts.push(bytes)
    this.#bytes += bytes.length
    this.#lines += lines
    if (this.#bytes >= JOINED_BYTES) this.flush()
    else this.#cancelTimer ??= this.#options.clock.setTimeout(() => this.#onTimer(), LONGEST_WAIT_MS)
  }

  #onTimer(): void {
    this.#cancelTimer = null
    // With nobody to read them, lines go on being joined: a long silence of the engines must not leave a million small messages.
    if (this.#options.connected()) this.flush()
  }

  #send(encodeAs: (seq: number) => Buffer): void {
    this.#options.outbox.add(encodeAs, this.#options.offer)
  }
}
