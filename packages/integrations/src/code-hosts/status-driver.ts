import { recordOf, type Json, type Message, type Report, type ReporterConfig } from '@yardmaster/domain'
import type { JsonAnswer } from '../http/json-call.js'
import type { ComposeContext, ReporterKindDriver, SendContext } from '../reporter-kind.js'
import { SendError } from '../send-error.js'
import { commitReport, type CommitReport } from './commit-report.js'
import { textOf } from './values.js'

/** A commit that a status belongs to; `repository` as its host names it. */
export type Commit = { repository: string; sha: string; branch: string | null }

/** What a host is told of one commit. */
export type CommitStatus = {
  /** What it is known by there, besides the commit: the newest of the same name counts. */
  name: string
  /** The host's word. */
  state: string
  body: { [field: string]: Json }
}

/** What of a status's message is for its host alone. */
export type StatusPayload = { repository: string; sha: string; body: { [field: string]: Json } }

/** The options of a reporter while it composes: rendered, without secrets. */
export type Words = { text(option: string): Promise<string>; value(option: string): Promise<Json> }

/** A code host that shows the status of commits. */
export type StatusHost = {
  /** `github`, of the target. */
  word: string
  commits(report: Report): Commit[]
  status(commit: Commit, said: CommitReport, report: Report, words: Words): Promise<CommitStatus>
  /** How it refuses a commit that it does not know. */
  unknownCommit: RegExp
  /** Throws SendError. */
  send(payload: StatusPayload, context: SendContext): Promise<JsonAnswer>
}

/** Statuses are worth sending again for a day: a merge may wait for them. */
export const STATUS_DEADLINE = 86_400
const PATIENT_ATTEMPTS = 5
const PATIENT_MS = 5_000

/** A status of each commit of a report. Hosts show the newest, and writing one again does no harm. */
export const statusDriver = (host: StatusHost): ReporterKindDriver => ({
  async compose(report, reporter, context) {
    const said = await commitReport(report, reporter, context)
    if (!said) return []
    const words = wordsOf(reporter, context)
    const target = await targetOf(host.word, words)
    const messages: Message[] = []
    for (const commit of host.commits(report)) {
      const { repository, sha } = commit
      const { name, state, body } = await host.status(commit, said, report, words)
      messages.push({ target, subject: `${repository}@${sha} ${name}`, delivery: 'status', summary: `${state} on ${sha.slice(0, 7)}`, deadline: STATUS_DEADLINE, payload: { repository, sha, body } })
    }
    return messages
  },

  async send(message, _reporter, context) {
    const { repository, sha, body } = statusPayload(message)
    const answer = await patiently(host.unknownCommit, context.attempt, () => host.send({ repository, sha, body }, context))
    const { id } = recordOf(answer.body)
    if ((await context.option('verbose')) === true) context.logger.info({ repository, sha, body }, `${host.word} has the status`)
    return { detail: `HTTP ${answer.status}`, reference: typeof id === 'number' ? String(id) : null }
  },
})

/** A webhook may be faster than the host's own API: a commit that it does not know it may know soon. */
export async function patiently<T>(unknownCommit: RegExp, attempt: number, send: () => Promise<T>): Promise<T> {
  try {
    return await send()
  } catch (error) {
    const soon = error instanceof SendError && error.outcome === 'refused' && attempt < PATIENT_ATTEMPTS && unknownCommit.test(error.message)
    throw soon ? new SendError(error.message, { outcome: 'again', retryAfterMs: PATIENT_MS, cause: error }) : error
  }
}

export function wordsOf({ options }: ReporterConfig, context: ComposeContext): Words {
  const value = (option: string): Promise<Json> => context.render(options[option] ?? null)
  return { value, text: async option => textOf(await value(option)) }
}

/** `github api.github.com` */
export async function targetOf(word: string, words: Words): Promise<string> {
  const url = await words.text('baseURL')
  return `${word} ${URL.canParse(url) ? new URL(url).host : url}`
}

/** Each commit once, however many codebases it is of. */
export const onceEach = <C extends Commit>(commits: C[]): C[] =>
  commits.filter((commit, index) => commits.findIndex(other => other.repository === commit.repository && other.sha === commit.sha) === index)

export function statusPayload({ payload }: Message): StatusPayload {
  const { repository, sha, body } = recordOf(payload)
  if (typeof repository !== 'string' || typeof sha !== 'string' || body === undefined) throw new SendError('the message has no repository, commit or body: was it made by another version of the software?', { outcome: 'refused' })
  return { repository, sha, body: recordOf(body) }
}
