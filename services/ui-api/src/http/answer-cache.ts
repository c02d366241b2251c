import type { Request, Response } from 'express'
import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'

const compressed = promisify(gzip)

/** As many forms of what is asked for: with other filters, orders and fields it is another. */
const MOST_ENTRIES = 16
/** What is small is compressed as fast as it is looked up. */
const LEAST_COMPRESSED = 4_096

type Body = { plain: Buffer; etag: string; gzip: Promise<Buffer> | null }
type Entry = { version: string; body: Promise<Body> }

/** Whole answers, ready to be sent, each for as long as its version stays: of what is large, asked for often, and changes rarely. */
export class AnswerCache {
  readonly #entries = new Map<string, Entry>()

  /** Sends the answer of this version, which `make` makes when it is not there yet. Who asks meanwhile waits for the same one. */
  async send(request: Request, response: Response, { key, version, make }: { key: string; version: string; make(): Promise<string> }): Promise<void> {
    const body = await this.#bodyOf(key, version, make)
    response.vary('accept-encoding').set('etag', body.etag)
    if (body.plain.length < LEAST_COMPRESSED || request.acceptsEncodings('gzip', 'identity') !== 'gzip') return void response.send(body.plain)
    body.gzip ??= compressed(body.plain)
    response.set('content-encoding', 'gzip').send(await body.gzip)
  }

  #bodyOf(key: string, version: string, make: () => Promise<string>): Promise<Body> {
    const known = this.#entries.get(key)
    this.#entries.delete(key)
    const entry = known?.version === version ? known : { version, body: make().then(bodyOf) }
    this.#entries.set(key, entry)
    entry.body.catch(() => { if (this.#entries.get(key) === entry) this.#entries.delete(key) })
    const [oldest] = this.#entries.keys()
    if (this.#entries.size > MOST_ENTRIES && oldest !== undefined) this.#entries.delete(oldest)
    return entry.body
  }
}

function bodyOf(text: string): Body {
  const plain = Buffer.from(text)
  return { plain, etag: `W/"${createHash('sha256').update(plain).digest('base64url').slice(0, 27)}"`, gzip: null }
}
