import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { simpleParser } from 'mailparser'
import type { ParsedMail } from 'mailparser'
import { SMTPServer } from 'smtp-server'
import type { SMTPServerDataStream, SMTPServerSession } from 'smtp-server'

export type ReceivedMail = { from: string; to: string[]; user: string | null; secure: boolean; source: string }

export type SmtpOptions = {
  /** smtps from the start; starttls: offered; none unless said otherwise. */
  tls?: 'smtps' | 'starttls'
  key?: string
  cert?: string
  /** Who may send; anybody without signing in unless said otherwise. */
  user?: { name: string; password: string }
}

/** What the server says to a recipient (null: takes it), and what it does with the content: take it, refuse it with a reply, or take it and cut the connection before it says so. */
export type SmtpBehaviour = {
  recipient: (address: string) => { code: number; text: string } | null
  content: () => Promise<'take' | 'cut' | { code: number; text: string }> | 'take' | 'cut' | { code: number; text: string }
}

const polite: SmtpBehaviour = { recipient: () => null, content: () => 'take' }

/** A mail server on 127.0.0.1 that keeps what it took. */
export async function startSmtpServer({ tls, key, cert, user }: SmtpOptions = {}) {
  const mails: ReceivedMail[] = []
  let behaviour = polite
  let connections = 0
  const server = new SMTPServer({
    secure: tls === 'smtps', ...(key === undefined ? {} : { key }), ...(cert === undefined ? {} : { cert }),
    disabledCommands: [...(tls === 'starttls' ? [] : ['STARTTLS']), ...(user ? [] : ['AUTH'])], authOptional: !user, logger: false, closeTimeout: 100,
    onConnect: (_session, done) => { connections++; done() },
    onAuth: (auth, _session, done) =>
      (auth.username === user?.name && auth.password === user?.password ? done(null, { user: auth.username }) : done(reply(535, '5.7.8 authentication failed'))),
    onRcptTo: ({ address }, _session, done) => {
      const said = behaviour.recipient(address)
      done(said ? reply(said.code, said.text) : undefined)
    },
    onData: (stream, session, done) => void take(stream, session, done),
  })
  const cut = (id: string) => { for (const connection of server.connections) if (connection.session.id === id) connection._socket.destroy() }
  server.on('error', () => {})

  async function take(stream: SMTPServerDataStream, session: SMTPServerSession, done: (error?: Error | null, said?: string) => void): Promise<void> {
    const pieces: Buffer[] = []
    for await (const piece of stream as AsyncIterable<Buffer>) pieces.push(piece)
    const outcome = await behaviour.content()
    if (typeof outcome === 'object') return done(reply(outcome.code, outcome.text))
    const { mailFrom, rcptTo } = session.envelope
    mails.push({ from: mailFrom === false ? '' : mailFrom.address, to: rcptTo.map(({ address }) => address), user: session.user ?? null, secure: session.secure, source: Buffer.concat(pieces).toString('utf8') })
    if (outcome === 'cut') cut(session.id)
    done(null, `2.0.0 Ok: queued as ${mails.length}`)
  }

  server.listen(0, '127.0.0.1')
  await once(server.server, 'listening')
  return {
    port: (server.server.address() as AddressInfo).port,
    mails,
    parsed: (): Promise<ParsedMail[]> => Promise.all(mails.map(({ source }) => simpleParser(source))),
    connections: () => connections,
    behave: (changed: Partial<SmtpBehaviour>) => void (behaviour = { ...polite, ...changed }),
    stop: () => new Promise<void>(resolve => server.close(() => resolve())),
  }
}

export type FakeSmtpServer = Awaited<ReturnType<typeof startSmtpServer>>

const reply = (responseCode: number, text: string): Error => Object.assign(new Error(text), { responseCode })
