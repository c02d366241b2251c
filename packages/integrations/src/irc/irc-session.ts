import irc from 'irc-framework'
import type { Client, IrcError } from 'irc-framework'
import type { Clock } from '@yardmaster/runtime'
import { hidden } from '../http/hidden.js'
import { cut, oneLine } from '../formatting/story.js'
import { SendError } from '../send-error.js'

export type Account = { host: string; port: number; nick: string; password: string | null; sasl: boolean; tls: boolean; verify: boolean }
export type Place = { name: string; password: string | null }
export type Speech = { place: Place; lines: readonly string[]; notice: boolean }

/** One connection to a server, with the channels it is in; what is said goes one after the other. */
export type IrcSession = {
  /** Resolves once the server has taken all lines. Throws SendError. */
  say(speech: Speech, signal: AbortSignal): Promise<void>
  open(): boolean
  /** Says goodbye; what is under way fails. */
  quit(): void
}

const waitMs = 30_000
const pause = 60_000
/** Servers cut off who says more: so many lines at once, then one at a time. */
const burst = 4
const perLineMs = 2_000

/** Connects and signs in. Throws SendError: nothing has been said yet. */
export async function openIrcSession(account: Account, clock: Clock, signal: AbortSignal): Promise<IrcSession> {
  const client = new irc.Client()
  const joined = new Set<string>()
  const state = { ended: null as string | null, lastWords: '', tokens: 0, room: burst, roomAt: clock.monotonic(), line: Promise.resolve() }
  const told = (text: string): string => cut(oneLine(hidden(text, account.password === null ? [] : [account.password])), 300)
  client.on('irc error', ({ reason, error }) => { state.lastWords = told(reason ?? error) })
  client.on('socket close', error => { if (error) state.lastWords = told(error.message) })
  client.on('close', () => { state.ended = state.lastWords || 'the server closed the connection' })
  client.on('kick', ({ channel, kicked }) => { if (client.caseLower(kicked) === client.caseLower(client.user.nick)) joined.delete(client.caseLower(channel)) })
  client.on('part', ({ channel, nick }) => { if (client.caseLower(nick) === client.caseLower(client.user.nick)) joined.delete(client.caseLower(channel)) })
  const waiting = { client, clock, signal, ended: () => state.ended }
  await register(account, waiting).catch((error: unknown) => {
    client.connection.end()
    throw new SendError(`irc ${account.host}:${account.port}: ${told(error instanceof Error ? error.message : String(error))}`, { outcome: 'again', ...(error instanceof SignInFailed ? { retryAfterMs: pause, limited: true } : {}) })
  })

  const leave = (reason: string): void => {
    state.ended ??= reason
    client.quit('')
  }

  /** Waits until the server takes another line without thinking it a flood. */
  async function makeRoom(stop: AbortSignal): Promise<void> {
    for (;;) {
      const now = clock.monotonic()
      state.room = Math.min(burst, state.room + (now - state.roomAt) / perLineMs)
      state.roomAt = now
      if (state.room >= 1) break
      await clock.sleep((1 - state.room) * perLineMs, stop)
    }
    state.room -= 1
  }

  async function speak({ lines, notice, place }: Speech, stop: AbortSignal): Promise<void> {
    const at = { ...waiting, signal: stop }
    let said = 0
    let begun = false
    try {
      stop.throwIfAborted()
      if (state.ended !== null) throw new Error(state.ended)
      begun = true
      if (isChannel(place.name) && !joined.has(client.caseLower(place.name))) {
        await join(place, at)
        joined.add(client.caseLower(place.name))
      }
      for (const line of lines) {
        await makeRoom(stop)
        if (state.ended !== null) throw new Error(state.ended)
        said += 1
        if (notice) client.notice(place.name, line)
        else client.say(place.name, line)
      }
      await acknowledged(place, `yard${++state.tokens}`, at)
    } catch (error) {
      // Who did not answer once is not asked again: a new connection tells more.
      if (begun && !(error instanceof NotTaken)) leave('given up')
      throw failureOf(error, { what: `irc ${account.host} ${place.name}`, said, told })
    }
  }

  return {
    say: (speech, stop) => {
      const spoken = state.line.then(() => speak(speech, stop))
      state.line = spoken.catch(() => {})
      return spoken
    },
    open: () => state.ended === null,
    quit: () => leave('said goodbye'),
  }
}

const isChannel = (place: string): boolean => /^[#&+!]/.test(place)

/** The server said that it does not take it: the account, or what was said. */
class SignInFailed extends Error {}
class NotTaken extends Error {}

type Waiting = { client: Client; clock: Clock; signal: AbortSignal; ended: () => string | null }

function failureOf(error: unknown, { what, said, told }: { what: string; said: number; told: (text: string) => string }): SendError {
  const reason = `${what}: ${told(error instanceof Error ? error.message : String(error))}`
  if (error instanceof NotTaken) return new SendError(reason, { outcome: 'again', retryAfterMs: pause })
  return said === 0 ? new SendError(reason, { outcome: 'again' }) : new SendError(`${reason}: it was said, and nobody knows whether it arrived`, { outcome: 'unknown' })
}

/** Settles as `listen` says; rejects when the connection ends, the signal says so, or nothing has come in time. */
function settled({ client, clock, ended, signal }: Waiting, what: string, listen: (done: () => void, fail: (error: Error) => void) => () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (settle: () => void) => () => { clean(); settle() }
    const fail = (error: Error) => end(() => reject(error))()
    const onClose = () => setImmediate(() => fail(new Error(ended() ?? 'the connection was closed')))
    const onAbort = () => fail(signal.reason instanceof Error ? signal.reason : new Error('stopped'))
    const cancel = clock.setTimeout(() => fail(new Error(`${what}: no answer within ${waitMs / 1_000} s`)), waitMs)
    const unlisten = listen(end(resolve), fail)
    const clean = () => { cancel(); unlisten(); client.removeListener('close', onClose); signal.removeEventListener('abort', onAbort) }
    client.on('close', onClose)
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
  })
}

function register({ host, nick, password, port, sasl, tls, verify }: Account, waiting: Waiting): Promise<void> {
  const { client } = waiting
  return settled(waiting, 'signing in', (done, fail) => {
    let tries = 0
    const onRegistered = () => (sasl && !client.network.cap.isEnabled('sasl') ? fail(new SignInFailed('the server has no SASL')) : done())
    const onNickInUse = () => (++tries > 9 ? fail(new SignInFailed(`'${nick}' and names like it are in use`)) : client.changeNick(`${nick}${'_'.repeat(tries)}`))
    const onInvalid = () => fail(new SignInFailed(`the server takes no nick '${nick}'`))
    const onSaslFailed = ({ reason }: { reason: string }) => fail(new SignInFailed(`SASL failed: ${reason}`))
    const onError = ({ error }: IrcError) => { if (error === 'password_mismatch' || error === 'banned_from_network') fail(new SignInFailed(error.replaceAll('_', ' '))) }
    client.on('registered', onRegistered).on('nick in use', onNickInUse).on('nick invalid', onInvalid).on('sasl failed', onSaslFailed).on('irc error', onError)
    client.connect({
      host, port, nick, username: 'yardmaster', gecos: 'Yardmaster', version: 'Yardmaster', tls, rejectUnauthorized: verify, auto_reconnect: false, sasl_disconnect_on_fail: true, message_max_length: 350,
      account: sasl && password !== null ? { account: nick, password } : {}, ...(sasl || password === null ? {} : { password }),
    })
    return () => void client.removeListener('registered', onRegistered).removeListener('nick in use', onNickInUse).removeListener('nick invalid', onInvalid).removeListener('sasl failed', onSaslFailed).removeListener('irc error', onError)
  })
}

function join({ name, password }: Place, waiting: Waiting): Promise<void> {
  const { client } = waiting
  const isIt = (channel: string | undefined) => channel !== undefined && client.caseLower(channel) === client.caseLower(name)
  return settled(waiting, 'joining', (done, fail) => {
    const onJoin = ({ channel, nick }: { channel: string; nick: string }) => { if (isIt(channel) && client.caseLower(nick) === client.caseLower(client.user.nick)) done() }
    const onError = ({ channel, error, reason }: IrcError) => { if (isIt(channel)) fail(new NotTaken(reason ?? error)) }
    client.on('join', onJoin).on('irc error', onError)
    client.join(name, password ?? undefined)
    return () => void client.removeListener('join', onJoin).removeListener('irc error', onError)
  })
}

/** A server answers in order: once it has answered a ping, it has taken what was said before it, or has said why not. */
function acknowledged({ name }: Place, token: string, waiting: Waiting): Promise<void> {
  const { client } = waiting
  return settled(waiting, 'being heard', (done, fail) => {
    const onPong = ({ message }: { message: string | undefined }) => { if (message === token) done() }
    const onError = ({ channel, error, nick, reason }: IrcError) => { if (client.caseLower(channel ?? nick ?? '') === client.caseLower(name)) fail(new NotTaken(reason ?? error)) }
    client.on('pong', onPong).on('irc error', onError)
    client.ping(token)
    return () => void client.removeListener('pong', onPong).removeListener('irc error', onError)
  })
}
