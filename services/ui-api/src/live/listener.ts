import type { Message } from './message.js'

/** Where a listener begins; `resync`: not where it wanted to, so events are missing in between. */
export type Joined = { place: string; resync: boolean }

export type End = 'stopping' | 'missed' | 'slow' | 'silent' | 'denied' | 'left'

/** What its client is told. */
export const wordsOf: { [W in End]: string } = {
  stopping: 'the server is stopping', missed: 'events were missed', slow: 'it does not keep up', silent: 'it does not answer',
  denied: 'it may not read any more', left: 'it left',
}

/** Someone who listens. Nothing of it may throw or wait. */
export type Listener = {
  /** From here on it gets messages. Called once, before the first. */
  joined(joined: Joined): void
  send(message: Message): void
  /** A run of messages is over. */
  flush(): void
  /** Events were lost; it goes on at this place. */
  missed(place: string): void
  /** Breaks the connection off. */
  end(why: End): void
}
