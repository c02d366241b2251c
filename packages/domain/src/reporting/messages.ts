import type { Json } from '../json.js'

/** One thing to be told to one target; kept as a row until it is known to have arrived, or is given up. No secret is in it: these are added when it is sent. */
export type Message = {
  /** Who is told, for order, limits and backoff: `github api.github.com`, `mail smtp.example.org:587`, `slack #builds`. */
  target: string
  /** What it is about: messages of one target and subject arrive in their order. `owner/repo@SHA context`, a builder, a build. */
  subject: string
  /**
   * status: only the newest of a subject counts, sending it twice does no harm, so it is sent again until it holds. message: a person reads it, so it is
   * never sent twice; where nobody knows whether it arrived it is shown as unknown.
   */
  delivery: 'status' | 'message'
  /** For people, in lists: `success on 3f2a91c`. */
  summary: string
  /** Seconds after which it is no use any more. */
  deadline: number
  /** What its kind sends. */
  payload: Json
}

/** What the other side made of it. */
export type Sent = {
  /** `HTTP 201`, `250 2.0.0 Ok: queued as 4F1`. */
  detail: string
  /** Its page or id there, if it tells. */
  reference?: string | null
  /** What is still to be told, to those who did not take it for now: messages of their own to the same target from here on, kept in the same moment in which this one becomes sent. */
  rest?: Message[]
}
