import { isPoisoned, transaction, type Database, type Fence } from '@yardmaster/db'
import { beginAttempt, resumeAttempt, type Attempt } from '@yardmaster/db/verbs/begin-attempt'
import { endAttempt, type AttemptEnding } from '@yardmaster/db/verbs/end-attempt'
import { readLastReference } from '@yardmaster/db/verbs/read-last-reference'
import { render, retryDelay, type BuildView, type FunctionRef, type Json, type Renderable, type ReporterConfig } from '@yardmaster/domain'
import { reporterDriver, SendError, type SendContext } from '@yardmaster/integrations'
import type { LoadedGeneration } from '@yardmaster/replica'
import { maskCredentials, ReplicaBuried, type Clock, type Logger, type Random, type Secrets } from '@yardmaster/runtime'
import { readLogEnd } from './read-log.js'
import { readView } from './read-view.js'
import type { SendingMetrics } from './sending-metrics.js'

export type Sending = {
  db: Database; fence: Fence; clock: Clock; random: Random; logger: Logger; secrets: Secrets; installation: string
  active: () => LoadedGeneration | null
  metrics: SendingMetrics
  /** Aborts when the process stops. */
  stopping: AbortSignal
}

export type Sender = {
  send(id: number): Promise<void>
  /** Goes on with those of which it was never learned whether they were begun: no job speaks of them. */
  resume(): Promise<void>
}

/** Long enough for a slow server and a function of the configuration; the other side is given up after it. */
const SEND_MS = 65_000
const LOG_BYTES = 1024 * 1024
const WRITE_AGAIN_MS = 500

/**
 * Sends one notification, if it is to be sent now: begun in its row, sent, and ended in its row, which is tried until it is written or this replica is no more.
 * The answer never decides anything: whoever died in between left a row that says so.
 */
export function sendNotification(sending: Sending): Sender {
  const { db, fence, logger } = sending
  const underWay = new Set<number>()
  /** Their beginning may have been committed though nothing was sent. */
  const doubtful = new Set<number>()
  const send = async (id: number) => {
    if (underWay.has(id) || sending.stopping.aborted) return
    underWay.add(id)
    try {
      const begun = { id, replicaId: fence.replicaId }
      const attempt = await transaction(db, fence, async tx => (doubtful.has(id) ? await resumeAttempt(tx, begun) : null) ?? await beginAttempt(tx, begun)).catch((error: unknown) => {
        doubtful.add(id)
        throw error
      })
      doubtful.delete(id)
      if (attempt === null) return
      const ending = await attemptToSend(sending, attempt)
      await keepEnding(sending, ending)
      logger[ending.outcome === 'sent' ? 'debug' : 'warn']({ notification: id, reporter: attempt.reporter, target: attempt.target, attempt: attempt.attempt, outcome: ending.outcome, detail: ending.detail }, 'notification: an attempt has ended')
    } finally {
      underWay.delete(id)
    }
  }
  return { send, resume: async () => { await Promise.all([...doubtful].map(send)) } }
}

async function attemptToSend(sending: Sending, attempt: Attempt): Promise<AttemptEnding> {
  const { fence: { replicaId }, random, metrics, clock } = sending
  const common = { id: attempt.id, replicaId, attempt: attempt.attempt, limited: false, delayMs: retryDelay(attempt.attempt, random.float()) }
  const began = clock.monotonic()
  const used = new Set<string>()
  try {
    const sent = await sendOne(sending, attempt, used)
    metrics.attempted(attempt.kind, 'sent', (clock.monotonic() - began) / 1000)
    return { ...common, outcome: 'sent', detail: masked(sent.detail, used), reference: sent.reference ? masked(sent.reference, used) : null, rest: sent.rest ?? [] }
  } catch (error) {
    const told = error instanceof SendError ? error : new SendError(error instanceof Error ? error.message : String(error), { outcome: 'unknown', cause: error })
    metrics.attempted(attempt.kind, told.outcome, (clock.monotonic() - began) / 1000)
    return { ...common, outcome: told.outcome, limited: told.limited, delayMs: Math.max(common.delayMs, told.retryAfterMs ?? 0), detail: masked(told.message, used) }
  }
}

async function sendOne(sending: Sending, attempt: Attempt, used: Set<string>) {
  const generation = sending.active()
  const reporter = generation?.configuration.reporters.find(({ name, kind }) => name === attempt.reporter && kind === attempt.kind)
  if (!generation || !reporter) throw new SendError(`the active configuration has no reporter '${attempt.reporter}' any more`, { outcome: generation ? 'refused' : 'again' })
  const { id: _id, attempt: _attempt, reporter: _reporter, kind: _kind, event: _event, setName: _set, onUnknown: _onUnknown, about: _about, ...message } = attempt
  const late = new AbortController()
  const cancel = sending.clock.setTimeout(() => late.abort(new Error(`no answer after ${SEND_MS / 1000} s`)), SEND_MS)
  const signal = AbortSignal.any([late.signal, sending.stopping])
  const given = new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(new SendError(signal.reason instanceof Error ? signal.reason.message : 'the process stops', { outcome: 'unknown' })), { once: true }))
  try {
    // A driver that does not heed the signal must not hold its line for ever.
    return await Promise.race([reporterDriver(reporter.kind).send(message, reporter, contextOf({ ...sending, generation, reporter, attempt, used, signal })), given])
  } finally {
    cancel()
  }
}

type Context = Sending & { generation: LoadedGeneration; reporter: ReporterConfig; attempt: Attempt; used: Set<string>; signal: AbortSignal }

function contextOf({ db, secrets, installation, generation: { threads }, reporter, attempt, used, signal, clock, logger }: Context): SendContext {
  const secret = (name: string): string | undefined => {
    const value = secrets.get(name)
    if (value) used.add(value)
    return value
  }
  let known: Promise<BuildView> | null = null
  const renderOption = async (value: Renderable): Promise<Json> => {
    if (value === null || typeof value !== 'object') return value
    known ??= readView(db, attempt.about)
    const view = await known
    return render(value, { ...view, secret, call: fn => threads.call(fn, { view }) })
  }
  const option = async (name: string): Promise<Json> => {
    const value = reporter.options[name] ?? null
    return renderOption(value).catch((error: unknown) => {
      throw new SendError(`option ${name} of the reporter '${reporter.name}': ${error instanceof Error ? error.message : String(error)}`, { outcome: 'again', cause: error })
    })
  }
  const lastReference = () => readLastReference(db, attempt)
  const log = (logid: number) => readLogEnd(db, logid, LOG_BYTES)
  const answer = async (what: string, [asked]: Json[]): Promise<Json> => {
    if (what === 'log') return typeof asked === 'number' ? log(asked) : null
    const own = reporter.options['options']
    const found = typeof own === 'object' && own !== null && !Array.isArray(own) ? new Map<Json, Renderable>(Object.entries(own)).get(asked ?? null) : undefined
    if (found === undefined) throw new Error(`the reporter has no option '${String(asked)}'`)
    return renderOption(found)
  }
  return {
    option, log, lastReference, signal, clock, logger, key: `${installation}-${attempt.id}`, attempt: attempt.attempt,
    call: (fn: FunctionRef, args: Json[]) => threads.call(fn, { args }),
    callPatiently: (fn, args, data) => threads.callPatiently(fn, { args, context: { data, asks: ['log', 'option'] } }, signal, answer),
  }
}

/** What comes from outside may repeat what it was given. */
function masked(text: string, used: ReadonlySet<string>): string {
  let result = maskCredentials(text)
  for (const value of used) if (value.length > 3) result = result.replaceAll(value, '***')
  return result
}

/** It was sent, or tried: this must not be forgotten because the database is away for a while. */
async function keepEnding({ db, fence, clock, logger }: Sending, told: AttemptEnding): Promise<void> {
  let ending = told
  for (;;) {
    try {
      const state = await transaction(db, fence, tx => endAttempt(tx, ending))
      if (state === null) logger.warn({ notification: ending.id }, 'the notification was taken from this replica while it was being sent')
      return
    } catch (error) {
      if (error instanceof ReplicaBuried) throw error
      // What the other side said must not hold its line for ever.
      if (isPoisoned(error)) ending = { ...ending, detail: 'what came of it cannot be stored', reference: null, rest: [] }
      logger.warn({ err: error, notification: ending.id }, 'what came of a notification cannot be written; it is tried again')
      await clock.sleep(WRITE_AGAIN_MS)
    }
  }
}
