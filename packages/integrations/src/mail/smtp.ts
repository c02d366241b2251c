import { Readable } from 'node:stream'
import { rootCertificates } from 'node:tls'
import SMTPConnection from 'nodemailer/lib/smtp-connection'
import type { SMTPConnectionOptions } from 'nodemailer/lib/smtp-connection'

export type Relay = {
  host: string
  port: number
  /** smtps: encrypted from the start; required: STARTTLS or nothing; offered: STARTTLS where the server has it, any certificate. */
  encryption: 'smtps' | 'required' | 'offered'
  verify: boolean
  ca: string | null
  auth: { user: string; pass: string } | null
}
export type Mail = { from: string; to: string[]; content: Buffer }

/** What a server said of one transaction. */
export type Accepted = { response: string; refused: SmtpFailure[] }

/** What nodemailer tells of a failure. */
export type SmtpFailure = Error & { code?: string; responseCode?: number; command?: string; recipient?: string; rejectedErrors?: SmtpFailure[] }

/** The mail's content was being read by the server when it went wrong. */
export class LostAnswer extends Error {
  override readonly name = 'LostAnswer'
}

/** One mail in one connection. Throws what nodemailer does (SmtpFailure) until the server asked for the content, then LostAnswer where the server did not say what became of it. */
export async function transmit(relay: Relay, mail: Mail, signal: AbortSignal): Promise<Accepted> {
  signal.throwIfAborted()
  const connection = new SMTPConnection(optionsOf(relay))
  let contentRead = false
  const content = Readable.from((function* () { contentRead = true; yield mail.content })())
  let onAbort = () => {}
  const broken = new Promise<never>((_resolve, reject) => {
    connection.on('error', reject)
    // What the server said at last is told after the end.
    connection.on('end', () => void setImmediate(() => reject(new Error('the server closed the connection'))))
    onAbort = () => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
  })
  broken.catch(() => {})
  try {
    return await Promise.race([broken, transaction(connection, relay, { mail, content })])
  } catch (error) {
    if (contentRead && !hasReply(error)) throw new LostAnswer(error instanceof Error ? error.message : String(error), { cause: error })
    throw error
  } finally {
    signal.removeEventListener('abort', onAbort)
    content.destroy()
    connection.close()
  }
}

const hasReply = (error: unknown): boolean => error instanceof Error && 'responseCode' in error && typeof error.responseCode === 'number'

function optionsOf({ host, port, encryption, verify, ca }: Relay): SMTPConnectionOptions {
  return {
    host, port, secure: encryption === 'smtps', requireTLS: encryption === 'required', opportunisticTLS: encryption === 'offered',
    connectionTimeout: 20_000, greetingTimeout: 30_000, socketTimeout: 60_000,
    tls: { rejectUnauthorized: encryption !== 'offered' && verify, ...(ca === null ? {} : { ca: [...rootCertificates, ca] }) },
  }
}

async function transaction(connection: SMTPConnection, { auth }: Relay, { mail, content }: { mail: Mail; content: Readable }): Promise<Accepted> {
  await new Promise<void>((resolve, reject) => connection.connect(error => (error ? reject(error) : resolve())))
  if (auth) await new Promise<void>((resolve, reject) => connection.login(auth, error => (error ? reject(error) : resolve())))
  return new Promise((resolve, reject) =>
    connection.send({ from: mail.from, to: mail.to, size: mail.content.length }, content, (error, info) =>
      (error || !info ? reject(error ?? new Error('the server said nothing')) : resolve({ response: info.response ?? '', refused: (info.rejectedErrors ?? []) }))))
}
