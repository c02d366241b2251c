import { createHmac } from 'node:crypto'
import { isFunctionRef, isRecord, type Json, type Renderable, type Report } from '@yardmaster/domain'
import { exchange, type Trust } from '../http/exchange.js'
import { failureOf } from '../http/json-call.js'
import { flagOption, textOption } from '../read-option.js'
import { subjectOf, summaryOf } from '../report-subject.js'
import type { ComposeContext, ReporterKindDriver, SendContext } from '../reporter-kind.js'
import { SendError } from '../send-error.js'
import { reportBody } from './report-body.js'

const DEADLINE_SECONDS = 86_400

/** JSON to a URL, as Buildbot's HttpStatusPush; signed where there is a secret. Whoever gets it can tell the same one sent twice by its Idempotency-Key. */
export const httpStatusDriver: ReporterKindDriver = {
  async compose(report, { name, options }, context) {
    const body = await bodyOf(report, options['format'] ?? null, context)
    if (body === null) return []
    const url = await urlOf(options['serverUrl'] ?? '', context)
    const delivery = options['delivery'] === 'status' ? 'status' : 'message'
    return [{ target: `webhook ${url === null ? name : new URL(url).host}`, subject: `${name} ${subjectOf(report)}`, delivery, summary: summaryOf(report), deadline: DEADLINE_SECONDS, payload: { url, event: report.event, body } }]
  },

  async send({ payload }, _reporter, context) {
    const { url: known, event, body } = payload as { url: string | null; event: string; body: Json }
    const url = known ?? await textOption(context, 'serverUrl')
    if (url === null || !URL.canParse(url)) throw new SendError('option serverUrl does not render to a URL', { outcome: 'refused' })
    const text = JSON.stringify(body)
    const [said, authorization, signature] = await Promise.all([headersOf(context), authorizationOf(context), signatureOf(context, text)])
    const headers = { ...said, ...authorization.headers, ...signature, 'content-type': 'application/json', 'idempotency-key': context.key, 'x-yardmaster-event': event, 'x-yardmaster-attempt': String(context.attempt) }
    const answer = await exchange({ method: 'POST', url, headers, body: text, trust: await trustOf(context), secrets: authorization.secrets, fresh: true }, context)
    const detail = `HTTP ${answer.status}`
    if (answer.status >= 200 && answer.status < 300) return { detail }
    throw failureOf(`POST ${new URL(url).origin}`, answer, { secrets: authorization.secrets, now: context.clock.now() })
  },
}

/** In the words of the generator's formatter, else of `format`, else as Buildbot's. null: nothing is told. */
async function bodyOf(report: Report, format: Renderable, { generator, remark, call }: ComposeContext): Promise<Json> {
  const start = report.event === 'started' || report.event === 'requested'
  const fn = (start ? generator.startFormatter : null) ?? generator.formatter ?? (isFunctionRef(format) && remark === null ? format : null)
  const own = () => (remark === null ? reportBody(report) : { ...reportBody(report) as { [key: string]: Json }, remark })
  return fn === null ? own() : call(fn, [report])
}

/** null: a secret is in it, which is known when it is sent. */
async function urlOf(serverUrl: Renderable, { render }: ComposeContext): Promise<string | null> {
  const url = await render(serverUrl).catch(() => null)
  return typeof url === 'string' && URL.canParse(url) ? url : null
}

async function headersOf({ option }: SendContext): Promise<{ [name: string]: string }> {
  const headers = await option('headers')
  if (typeof headers !== 'object' || headers === null || Array.isArray(headers)) return {}
  return Object.fromEntries(Object.entries(headers).filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
}

async function authorizationOf({ option }: SendContext): Promise<{ headers: { [name: string]: string }; secrets: string[] }> {
  const auth = await option('auth')
  if (typeof auth === 'string' && auth !== '') return { headers: { authorization: auth }, secrets: [auth] }
  if (typeof auth !== 'object' || auth === null || Array.isArray(auth)) return { headers: {}, secrets: [] }
  const [user, password] = [auth['user'], auth['password']].map(part => (typeof part === 'string' ? part : ''))
  const encoded = Buffer.from(`${user}:${password}`).toString('base64')
  return { headers: { authorization: `Basic ${encoded}` }, secrets: [password ?? '', encoded] }
}

async function signatureOf(context: SendContext, text: string): Promise<{ [name: string]: string }> {
  const secret = await textOption(context, 'secret')
  return secret === null ? {} : { 'x-yardmaster-signature-256': `sha256=${createHmac('sha256', secret).update(text).digest('hex')}` }
}

async function trustOf(context: SendContext): Promise<Trust> {
  const cert = await context.option('cert')
  const own = isRecord(cert) ? cert : {}
  const { cert: certificate, key } = own
  return {
    verify: await flagOption(context, 'verify') ?? true, ca: await textOption(context, 'ca'),
    ...(typeof certificate === 'string' && typeof key === 'string' ? { own: { cert: certificate, key } } : {}),
  }
}
