import { CANCELLED, EXCEPTION, FAILURE, isFunctionRef, recordOf, resultName, RETRY, SKIPPED, SUCCESS, WARNINGS, type Json, type Message, type Report, type Result } from '@yardmaster/domain'
import { commitReport, type CommitReport } from '../code-hosts/commit-report.js'
import { patiently, STATUS_DEADLINE, statusPayload, targetOf, wordsOf } from '../code-hosts/status-driver.js'
import { textOf } from '../code-hosts/values.js'
import type { ComposeContext, ReporterKindDriver, SendContext } from '../reporter-kind.js'
import { githubOf } from './access.js'
import { repositoryPath, type Github } from './client.js'
import { githubCommits, UNKNOWN_COMMIT } from './commits.js'
import { failingSteps, outputOf } from './check-output.js'

const conclusions: { [result in Exclude<Result, 5>]: string } = {
  [SUCCESS]: 'success', [WARNINGS]: 'success', [FAILURE]: 'failure', [SKIPPED]: 'skipped', [EXCEPTION]: 'failure', [CANCELLED]: 'cancelled',
}
/** GitHub takes so many at once, and adds them to those that are there. */
const ANNOTATIONS = 50
/** Nobody reads more, and each of them is kept with the message. */
const MOST_ANNOTATIONS = 500
/** GitHub gives so many at once. */
const PAGE = 100

/** A check run of each commit, known by its request: one that is told again is found, and changed. */
export const githubChecksDriver: ReporterKindDriver = {
  async compose(report, reporter, context) {
    const said = await commitReport(report, reporter, context)
    if (!said) return []
    const words = wordsOf(reporter, context)
    const [target, name] = [await targetOf('github', words), await words.text('checkName')]
    const state = stateOf(said)
    const body: { [field: string]: Json } = {
      name, ...state, external_id: report.request?.url ?? said.url, ...(said.url === '' ? {} : { details_url: said.url }), ...timesOf(report),
      title: titleOf(said), failing: failingSteps(report), annotations: await annotationsOf(report, reporter.options['annotations'], { said, context }),
    }
    return githubCommits(report).map(({ repository, sha }): Message => ({
      target, subject: `${repository}@${sha} check ${name}`, delivery: 'status', summary: `${state.conclusion ?? state.status} on ${sha.slice(0, 7)}`, deadline: STATUS_DEADLINE, payload: { repository, sha, body },
    }))
  },

  async send(message, _reporter, context) {
    const { repository, sha, body } = statusPayload(message)
    const { title, failing, annotations, external_id: id, ...told } = body
    const github = await githubOf(context)
    const path = repositoryPath(repository)
    const found = await patiently(UNKNOWN_COMMIT, context.attempt, () => existing(github, path, { sha, name: textOf(told['name'] ?? null), id: textOf(id ?? null) }))
    const output = await outputOf(textOf(title ?? null), failing, context)
    let run = found
    for (const some of batches(annotations, found?.annotations ?? 0)) {
      const said = { run, body: { ...told, output: { ...output, annotations: some }, ...(run ? {} : { head_sha: sha, external_id: id ?? '' }) } }
      run = await patiently(UNKNOWN_COMMIT, context.attempt, () => write(github, path, said))
    }
    await logged(context, { repository, sha, ...told })
    return { detail: `HTTP ${found ? 200 : 201}`, reference: run?.url ?? null }
  },
}

type Run = { id: number; annotations: number; url: string }

async function existing(github: Github, repository: string, { sha, name, id }: { sha: string; name: string; id: string }): Promise<Run | null> {
  for (let page = 1; ; page++) {
    const query = new URLSearchParams({ check_name: name, filter: 'all', per_page: String(PAGE), page: String(page) })
    const { body } = await github.call(repository, { method: 'GET', path: `/commits/${encodeURIComponent(sha)}/check-runs?${query.toString()}` })
    const runs = recordOf(body)['check_runs']
    const list = Array.isArray(runs) ? runs.map(recordOf) : []
    const found = list.find(run => run['external_id'] === id)
    if (found) return runOf(found)
    if (list.length < PAGE) return null
  }
}

/** At least one, so that the rest is told. What is there already is not added again, as after an answer that was lost. */
function batches(annotations: Json | undefined, there: number): Json[][] {
  const left = Array.isArray(annotations) ? annotations.slice(there) : []
  return Array.from({ length: Math.max(1, Math.ceil(left.length / ANNOTATIONS)) }, (_, index) => left.slice(index * ANNOTATIONS, (index + 1) * ANNOTATIONS))
}

const runOf = (run: { [field: string]: Json }): Run =>
  ({ id: Number(run['id']), annotations: Number(recordOf(run['output'])['annotations_count'] ?? 0), url: textOf(run['html_url'] ?? null) })

async function write(github: Github, repository: string, { run, body }: { run: Run | null; body: Json }): Promise<Run> {
  const call = run ? { method: 'PATCH' as const, path: `/check-runs/${run.id}` } : { method: 'POST' as const, path: '/check-runs' }
  return runOf(recordOf((await github.call(repository, { ...call, body })).body))
}

function stateOf({ stage, results }: CommitReport): { status: string; conclusion?: string } {
  if (results === null) return { status: stage === 'started' ? 'in_progress' : 'queued' }
  return results === RETRY ? { status: 'queued' } : { status: 'completed', conclusion: conclusions[results] }
}

const titleOf = ({ description, results }: CommitReport): string => (results === null || results === RETRY ? description : `${description} (${resultName(results)})`)

function timesOf({ build }: Report): { [field: string]: Json } {
  if (!build) return {}
  const time = (seconds: number): string => new Date(seconds * 1_000).toISOString()
  return { started_at: time(build.started_at), ...(build.complete_at !== null && build.results !== RETRY ? { completed_at: time(build.complete_at) } : {}) }
}

/** The configuration's function's: { path, start_line, end_line, annotation_level, message, title }. */
async function annotationsOf(report: Report, fn: unknown, { said, context }: { said: CommitReport; context: ComposeContext }): Promise<Json> {
  // With a remark this is the second try: it may be this function that failed, and the check itself must be told.
  if (!isFunctionRef(fn) || context.remark !== null || said.results === null || said.results === RETRY) return []
  const answer = await context.call(fn, [report])
  return Array.isArray(answer) ? answer.slice(0, MOST_ANNOTATIONS) : []
}

async function logged({ option, logger }: SendContext, fields: { [field: string]: Json }): Promise<void> {
  if ((await option('verbose')) === true) logger.info(fields, 'github has the check run')
}
