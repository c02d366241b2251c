import { httpClass, type HttpArgs, type HttpOutcome, type Json } from '@yardmaster/domain'
import type { Clock } from '@yardmaster/runtime'
import { UnknownOutcome } from '../journal.js'
import type { StepContext } from '../step-context.js'
import { effectEnded, effectStarted, type EffectId } from './record.js'

const MOST_BYTES = 1024 * 1024
const MOST_REDIRECTS = 5

type Request = { method: string; url: string; headers: { [name: string]: string }; body: string | null; timeout: number }

/** The effect `http`: its start is committed before anything leaves, its outcome before the step sees it. */
export async function performHttp(context: StepContext, id: EffectId, args: HttpArgs): Promise<HttpOutcome> {
  const { run, journal, signal } = context
  const entry = journal.find(id.n, id.kind, id.fingerprint)
  if (entry?.ended) return entry.outcome as HttpOutcome
  const request = await rendered(context, args)
  const onlyOnce = !args.idempotent && httpClass(args.method) === 'once-or-unknown'
  if (entry && onlyOnce) {
    throw new UnknownOutcome(`http ${args.method} ${request.url}: unknown whether it happened, as its engine was lost meanwhile; a request that may be sent again is to be declared idempotent`)
  }
  if (onlyOnce) await run.once.begin(id.n, signal)
  if (!entry) await run.write([effectStarted(context, id)])
  signal.throwIfAborted()
  const answered = answerOf(context, id, request)
  if (!onlyOnce) return answered
  const over = () => { run.once.end(id.n); context.requests.delete(answered) }
  context.requests.add(answered)
  answered.then(over, over)
  return answered
}

async function answerOf(context: StepContext, { n }: EffectId, request: Request): Promise<HttpOutcome> {
  const { run, signal } = context
  const outcome = await send(request, run.parts.clock, signal)
  await run.write([effectEnded(context, n, outcome)])
  return outcome
}

async function rendered(context: StepContext, { method, url, headers, body, timeout }: HttpArgs): Promise<Request> {
  const plainHeaders = await context.render(headers)
  const content = await context.render(body)
  return {
    method, timeout, url: text(await context.render(url), 'url'),
    headers: Object.fromEntries(Object.entries(plainHeaders as { [name: string]: Json }).map(([name, value]) => [name, text(value, `header ${name}`)])),
    body: content === null ? null : typeof content === 'object' && 'json' in content ? JSON.stringify(content['json']) : text(content, 'body'),
  }
}

function text(value: Json, what: string): string {
  if (typeof value === 'string') return value
  throw new Error(`ctx.http: ${what} rendered to ${JSON.stringify(value)}, expected a text`)
}

/** No answer is an outcome as well; only the step's own end is none. */
async function send(request: Request, clock: Clock, signal: AbortSignal): Promise<HttpOutcome> {
  const limit = new AbortController()
  const cancel = clock.setTimeout(() => limit.abort(new Error(`no whole answer within ${request.timeout} s`)), request.timeout * 1000)
  try {
    return await follow(request, AbortSignal.any([signal, limit.signal]))
  } catch (error) {
    signal.throwIfAborted()
    return { error: `${request.method} ${request.url}: ${limit.signal.aborted ? reason(limit.signal.reason) : reason(error)}` }
  } finally {
    cancel()
  }
}

async function follow(request: Request, signal: AbortSignal): Promise<HttpOutcome> {
  let url = httpUrl(request.url)
  for (let redirects = 0; ; redirects++) {
    // What was meant for one host is not told to another.
    const headers = url.origin === httpUrl(request.url).origin ? request.headers : {}
    const answer = await fetch(url, { method: request.method, headers, body: request.body, redirect: 'manual', signal })
    const location = answer.headers.get('location')
    const moved = answer.status >= 300 && answer.status < 400 && location !== null && httpClass(request.method) === 'repeatable'
    if (!moved) return { status: answer.status, headers: Object.fromEntries(answer.headers), url: url.href, ...await bounded(answer) }
    await answer.body?.cancel()
    if (redirects === MOST_REDIRECTS) throw new Error(`more than ${MOST_REDIRECTS} redirects`)
    url = httpUrl(new URL(location, url).href)
  }
}

function httpUrl(url: string): URL {
  const parsed = URL.canParse(url) ? new URL(url) : null
  if (parsed?.protocol === 'http:' || parsed?.protocol === 'https:') return parsed
  throw new Error('it is no http: or https: address')
}

async function bounded(answer: Response): Promise<{ body: string; truncated: boolean }> {
  const pieces: Uint8Array[] = []
  let bytes = 0
  const reader = answer.body?.getReader()
  while (reader && bytes <= MOST_BYTES) {
    const { done, value } = await reader.read()
    if (done) break
    pieces.push(value)
    bytes += value.byteLength
  }
  if (bytes > MOST_BYTES) await reader?.cancel()
  return { body: Buffer.concat(pieces).subarray(0, MOST_BYTES).toString('utf8'), truncated: bytes > MOST_BYTES }
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  return cause instanceof Error ? cause.message || ('code' in cause ? String(cause.code) : cause.name) : error.message
}
