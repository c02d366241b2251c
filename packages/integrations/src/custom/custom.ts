import { isFunctionRef, type Json } from '@yardmaster/domain'
import { subjectOf, summaryOf } from '../report-subject.js'
import type { ReporterKindDriver } from '../reporter-kind.js'
import { SendError } from '../send-error.js'

const DEADLINE_SECONDS = 86_400
const LONGEST_DETAIL = 500

/** The configuration's own function: it is given the report, and a context to ask more by. */
export const customDriver: ReporterKindDriver = {
  async compose(report, { name, options }, { generator, call }) {
    const start = report.event === 'started' || report.event === 'requested'
    const formatter = (start ? generator.startFormatter : null) ?? generator.formatter
    const message = formatter === null ? undefined : await call(formatter, [report])
    if (message === null) return []
    const delivery = options['delivery'] === 'status' ? 'status' : 'message'
    const payload = { ...report, ...(message === undefined ? {} : { message }) } as unknown as Json
    return [{ target: `custom ${name}`, subject: subjectOf(report), delivery, summary: summaryOf(report), deadline: DEADLINE_SECONDS, payload }]
  },

  async send({ payload }, { name, options }, { callPatiently, key, attempt }) {
    const fn = options['report']
    if (!isFunctionRef(fn)) throw new SendError(`the reporter '${name}' has no function`, { outcome: 'refused' })
    try {
      const answer = await callPatiently(fn, [payload], { idempotencyKey: key, attempt })
      return { detail: answer === null ? 'the function returned' : (typeof answer === 'string' ? answer : JSON.stringify(answer)).slice(0, LONGEST_DETAIL) }
    } catch (error) {
      throw sendErrorOf(error)
    }
  },
}

type Failure = { outcome?: unknown; mayHaveHappened?: unknown; retryAfterMs?: unknown; limited?: unknown }

/** What the function says of its failure; where it says nothing, nobody knows what it did. */
function sendErrorOf(error: unknown): SendError {
  const failure: Failure = error instanceof Error && 'failure' in error && typeof error.failure === 'object' && error.failure !== null ? error.failure : {}
  const { outcome, mayHaveHappened, retryAfterMs, limited } = failure
  return new SendError(error instanceof Error ? error.message : String(error), {
    outcome: outcome === 'refused' || outcome === 'again' ? outcome : mayHaveHappened === false ? 'again' : 'unknown',
    retryAfterMs: typeof retryAfterMs === 'number' ? retryAfterMs : null, limited: limited === true, cause: error,
  })
}
