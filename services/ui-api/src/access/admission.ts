import type { Clock } from '@yardmaster/runtime'
import { Tally } from './tally.js'

/** people: who has signed in. others: everybody else, crawlers among them. */
export type Rank = 'people' | 'others'

export type AdmissionOptions = {
  clock: Pick<Clock, 'setTimeout'>
  /** How much is worked on at a time. */
  places: number
  /** Of these, how many are kept for people. One at least is left to the others. */
  kept: number
  /** How many of these one client may have (all): what it sends slowly keeps its place for as long. */
  mostInsideOfOne?: number
  mostWaiting: number
  mostWaitingOfOne: number
  longestWaitMs: number
}

export type Admitted =
  | { admitted: true; /** To be called once, when the work is done; more often does no harm. */ leave(): void }
  /** crowd: too many wait already. own: too many of this client do. late: its turn did not come in time. gone: it left. */
  | { admitted: false; because: 'crowd' | 'own' | 'late' | 'gone' }

export type Admission = {
  /** Resolves when it is its turn: at once while there is room. `onGone` is given what to call when the client leaves before. */
  enter(client: string, rank: Rank, onGone: (leave: () => void) => void): Promise<Admitted>
  readonly waiting: number
  /** Whether one more of this client would be refused at once. */
  isFull(client: string, rank: Rank): boolean
}

type Waiting = { client: string; settle(answer: Admitted): void }

/** Who waits, by client: each client's own in order, the clients in turns. */
class Line {
  readonly #clients = new Map<string, Waiting[]>()
  length = 0

  of = (client: string): number => this.#clients.get(client)?.length ?? 0

  add(waiting: Waiting): void {
    const before = this.#clients.get(waiting.client)
    if (before) before.push(waiting)
    else this.#clients.set(waiting.client, [waiting])
    this.length++
  }

  next(mayEnter: (client: string) => boolean): Waiting | undefined {
    for (const [client, others] of this.#clients) {
      if (!mayEnter(client)) continue
      const waiting = others.shift()
      this.#clients.delete(client)
      if (others.length > 0) this.#clients.set(client, others)
      this.length--
      return waiting
    }
    return undefined
  }

  remove(waiting: Waiting): void {
    const own = this.#clients.get(waiting.client) ?? []
    const at = own.indexOf(waiting)
    if (at < 0) return
    own.splice(at, 1)
    if (own.length === 0) this.#clients.delete(waiting.client)
    this.length--
  }
}

/**
 * How much of what is asked is worked on at a time: what is beyond waits in a bounded line, people before others, clients in turns.
 * What finds the line full is refused at once: an answer that comes too late costs as much as one that is of use.
 */
export function createAdmission(options: AdmissionOptions): Admission {
  const { places, kept, mostInsideOfOne = Infinity, mostWaiting, mostWaitingOfOne } = options
  const room: { [rank in Rank]: number } = { people: Math.max(1, places - 1), others: Math.max(1, places - kept) }
  const inside: { [rank in Rank]: number } = { people: 0, others: 0 }
  const lines: { [rank in Rank]: Line } = { people: new Line(), others: new Line() }
  const insideOf = new Tally()
  const hasRoom = (rank: Rank) => inside[rank] < room[rank] && inside.people + inside.others < places
  const mayEnter = (client: string) => insideOf.of(client) < mostInsideOfOne

  const admit = (client: string, rank: Rank): Admitted => {
    inside[rank]++
    insideOf.add(client, 1)
    let left = false
    return {
      admitted: true,
      leave() {
        if (left) return
        left = true
        inside[rank]--
        insideOf.add(client, -1)
        advance()
      },
    }
  }
  const advance = () => {
    for (const rank of ['people', 'others'] as const) {
      while (hasRoom(rank)) {
        const next = lines[rank].next(mayEnter)
        if (!next) break
        next.settle(admit(next.client, rank))
      }
    }
  }
  const wait = (client: string, rank: Rank, onGone: (leave: () => void) => void) => new Promise<Admitted>(resolve => {
    const giveUp = (because: 'late' | 'gone') => {
      lines[rank].remove(waiting)
      waiting.settle({ admitted: false, because })
    }
    const cancel = options.clock.setTimeout(() => giveUp('late'), options.longestWaitMs)
    const waiting: Waiting = {
      client,
      settle(answer) {
        cancel()
        resolve(answer)
      },
    }
    lines[rank].add(waiting)
    onGone(() => giveUp('gone'))
  })

  const full = (client: string, rank: Rank): 'own' | 'crowd' | null =>
    // People are not kept out by a crowd of others.
    lines[rank].of(client) >= mostWaitingOfOne ? 'own' : lines[rank].length >= mostWaiting ? 'crowd' : null

  return {
    get waiting() { return lines.people.length + lines.others.length },
    enter(client, rank, onGone) {
      // While there is room, only those wait who have all that one may have.
      if (hasRoom(rank) && mayEnter(client)) return Promise.resolve(admit(client, rank))
      const because = full(client, rank)
      if (because) return Promise.resolve({ admitted: false, because })
      return wait(client, rank, onGone)
    },
    isFull: (client, rank) => full(client, rank) !== null,
  }
}
