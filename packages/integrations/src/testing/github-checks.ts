import type { Json } from '@yardmaster/domain'
import type { HostAnswer } from './fake-host.js'
import { invalid, notFound, type RepositoryRoute } from './github-routes.js'
import { known, type GithubCheckRun } from './github-state.js'

const CONCLUSIONS = ['action_required', 'cancelled', 'failure', 'neutral', 'success', 'skipped', 'stale', 'timed_out']
const MOST_ANNOTATIONS = 50
const LONGEST_SUMMARY = 65_535

const text = (value: Json | undefined): string | null => (typeof value === 'string' ? value : null)

/** Takes what is said; what is not said stays. Annotations are added to those that are there. */
function apply(run: GithubCheckRun, body: { [key: string]: Json }): HostAnswer | null {
  const output = typeof body['output'] === 'object' && body['output'] !== null && !Array.isArray(body['output']) ? body['output'] : null
  const annotations = Array.isArray(output?.['annotations']) ? output['annotations'] : []
  if (annotations.length > MOST_ANNOTATIONS) return invalid('Invalid request.', ['No more than 50 items are allowed; the array was larger.'])
  if (output && (text(output['title']) === null || text(output['summary']) === null)) return invalid('Invalid request.', ['"title", "summary" weren\'t supplied.'])
  if ((text(output?.['summary'])?.length ?? 0) > LONGEST_SUMMARY || (text(output?.['text'])?.length ?? 0) > LONGEST_SUMMARY) return invalid('Only 65535 characters are allowed')
  const conclusion = text(body['conclusion'])
  if (conclusion !== null && !CONCLUSIONS.includes(conclusion)) return invalid('Invalid request.', [`${conclusion} is not a member of the enumeration`])
  if (body['status'] === 'completed' && conclusion === null) return invalid('Invalid request.', ['"conclusion" wasn\'t supplied.'])
  run.status = conclusion === null ? text(body['status']) ?? run.status : 'completed'
  run.conclusion = run.status === 'completed' ? conclusion ?? run.conclusion : null
  run.details_url = text(body['details_url']) ?? run.details_url
  if (output) run.output = { title: text(output['title']), summary: text(output['summary']), text: text(output['text']), annotations: [...run.output.annotations, ...annotations] }
  return null
}

const shown = (run: GithubCheckRun): Json => ({
  ...run, app: { slug: run.app }, html_url: `https://github.example.org/runs/${run.id}`, output: { ...run.output, annotations: null, annotations_count: run.output.annotations.length },
})

const appsOnly: HostAnswer = { status: 403, body: { message: 'You must authenticate via a GitHub App.' } }

export const checkRoutes: RepositoryRoute[] = [
  ['POST', '/check-runs', ({ repository, actor, request: { body }, nextId }) => {
    if (actor.app === null) return appsOnly
    const sha = text(body['head_sha']) ?? ''
    if (!known(repository, sha)) return invalid(`No commit found for SHA: ${sha}`)
    const run: GithubCheckRun = {
      id: nextId(), name: text(body['name']) ?? '', head_sha: sha, status: 'queued', conclusion: null, external_id: text(body['external_id']) ?? '', details_url: null, app: actor.app,
      output: { title: null, summary: null, text: null, annotations: [] },
    }
    const wrong = apply(run, body)
    if (wrong) return wrong
    repository.checkRuns.push(run)
    return { status: 201, body: shown(run) }
  }, 'write'],
  ['PATCH', '/check-runs/([0-9]+)', ({ repository, actor, request: { body } }, id) => {
    const run = repository.checkRuns.find(one => one.id === Number(id))
    if (!run) return notFound
    if (actor.app !== run.app) return { status: 403, body: { message: 'Invalid app_id `1` - check run can only be modified by the GitHub App that created it.' } }
    return apply(run, body) ?? { status: 200, body: shown(run) }
  }, 'write'],
  ['GET', '/commits/([^/]+)/check-runs', ({ repository, request: { query } }, sha = '') => {
    const name = query.get('check_name')
    const all = repository.checkRuns.filter(run => run.head_sha === sha && (name === null || run.name === name))
    const latest = all.filter(run => !all.some(other => other.name === run.name && other.app === run.app && other.id > run.id))
    const runs = query.get('filter') === 'all' ? all : latest
    return { status: 200, body: { total_count: runs.length, check_runs: runs.map(shown).slice(0, Number(query.get('per_page') ?? 30)) } }
  }],
]
