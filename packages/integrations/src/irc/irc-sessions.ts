import type { SendContext } from '../reporter-kind.js'
import { openIrcSession } from './irc-session.js'
import type { Account, IrcSession, Speech } from './irc-session.js'

/** A connection that has had nothing to say for so long is closed. */
const idleMs = 3_600_000

/** The connections of this process: one for each account, opened when there is something to say. */
export function ircSessions() {
  const sessions = new Map<string, { opening: Promise<IrcSession>; stopIdling: () => void }>()

  function sessionOf(account: Account, { clock, signal }: Pick<SendContext, 'clock' | 'signal'>): Promise<IrcSession> {
    const key = JSON.stringify(account)
    const known = sessions.get(key)
    if (known) return known.opening
    const opening = openIrcSession(account, clock, signal)
    sessions.set(key, { opening, stopIdling: () => {} })
    opening.catch(() => { if (sessions.get(key)?.opening === opening) sessions.delete(key) })
    return opening
  }

  async function openSession(account: Account, context: Pick<SendContext, 'clock' | 'signal'>): Promise<IrcSession> {
    const session = await sessionOf(account, context)
    if (session.open()) return session
    sessions.delete(JSON.stringify(account))
    return sessionOf(account, context)
  }

  function idle(account: Account, session: IrcSession, { clock }: Pick<SendContext, 'clock'>): void {
    const key = JSON.stringify(account)
    const entry = sessions.get(key)
    entry?.stopIdling()
    if (!entry) return
    entry.stopIdling = clock.setTimeout(() => {
      sessions.delete(key)
      session.quit()
    }, idleMs)
  }

  return {
    async say(account: Account, speech: Speech, context: Pick<SendContext, 'clock' | 'signal'>): Promise<void> {
      const session = await openSession(account, context)
      try {
        await session.say(speech, context.signal)
      } finally {
        idle(account, session, context)
      }
    },
    /** Leaves all servers. */
    async quit(): Promise<void> {
      const all = [...sessions.values()]
      sessions.clear()
      for (const { opening, stopIdling } of all) {
        stopIdling()
        await opening.then(session => session.quit(), () => {})
      }
    },
  }
}
