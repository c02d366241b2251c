import { createHmac } from 'node:crypto'
import { startFakeGithub, startSmtpServer, type FakeGithub, type FakeSmtpServer } from '@yardmaster/integrations/testing'
import { startCluster, type Cluster } from '../../kit/cluster.js'
import { gitRepository, type GitRepository } from '../../kit/git-repository.js'
import { rngOf } from '../campaign/rng.js'
import type { SchedulingPlan } from './plan.js'

export const PROJECT = 'acme/hooked'
const SECRET = 'the secret of the hook'

export type World = { cluster: Cluster; plan: SchedulingPlan; repository: GitRepository; github: FakeGithub; smtp: FakeSmtpServer; stop(): Promise<void> }

const configurationOf = ({ repository, github, smtp }: Pick<World, 'repository' | 'github' | 'smtp'>): string => `
import { changeHooks, changeSources, defineConfig, reporters, schedulers, steps, util, workers } from '@yardmaster/config'
const builder = name => ({ name, workers: ['w1'], collapseRequests: false, steps: [steps.shell({ command: 'true', logEnviron: false })] })
const of = project => util.changeFilter({ project })
export default defineConfig({
  workers: [workers.worker({ name: 'w1', password: 'pw' })],
  builders: ['hooked', 'after', 'polled', 'ticked'].map(builder),
  changeHooks: [changeHooks.github({ secret: '${SECRET}' })],
  changeSources: [changeSources.gitPoller({ repository: '${repository.folder}', branches: true, pollInterval: '1s', project: 'polled' })],
  schedulers: [
    schedulers.anyBranch({ name: 'hooks', changeFilter: of('${PROJECT}'), builders: ['hooked'] }),
    schedulers.dependent({ name: 'after', upstream: 'hooks', builders: ['after'] }),
    schedulers.anyBranch({ name: 'polls', changeFilter: of('polled'), builders: ['polled'] }),
    schedulers.periodic({ name: 'ticks', periodicBuildTimer: '2s', builders: ['ticked'] }),
  ],
  services: [
    reporters.githubStatus({ name: 'statuses', token: 'token', baseURL: '${github.url}', deadline: '1h', generators: [
      reporters.buildRequestGenerator({ builders: ['hooked', 'after'] }), reporters.buildStartEndStatusGenerator({ builders: ['hooked', 'after'] }),
    ] }),
    reporters.mail({ name: 'mails', fromaddr: 'yard@example.org', relayhost: '127.0.0.1', smtpPort: ${smtp.port}, useTls: false, sendToInterestedUsers: false, extraRecipients: ['team@example.org'], deadline: '1h', generators: [
      reporters.buildStatusGenerator({ mode: 'all', builders: ['hooked'], messageFormatter: report => ({ subject: 'build ' + report.build.buildid, body: 'It ended.' }) }),
    ] }),
  ],
})
`

/** Two schedulers and all that they speak to; GitHub and the mail server go wrong as often as the plan says. */
export async function startWorld(plan: SchedulingPlan): Promise<World> {
  const repository = gitRepository()
  repository.commit('before', { README: '' })
  const [github, smtp] = await Promise.all([startFakeGithub(), startSmtpServer()])
  github.tokens.set('token', { login: 'yard', right: 'write', app: null, repositories: null })
  github.addRepository(PROJECT)
  const stopOutside = async () => {
    await Promise.all([github.close(), smtp.stop()])
    repository.remove()
  }
  try {
    const cluster = await startCluster({ config: configurationOf({ repository, github, smtp }), workers: ['w1'], schedulers: 2 })
    for (const process of cluster.processes()) process.supervise()
    const world: World = { cluster, plan, repository, github, smtp, async stop() { await cluster.stop(); await stopOutside() } }
    goWrong(world)
    return world
  } catch (error) {
    await stopOutside()
    throw error
  }
}

/** By a chance of its own: which call comes when is not of the seed. */
function goWrong({ plan: { seed, mishaps }, github, smtp }: World): void {
  const rng = rngOf(seed + 1)
  github.setMishaps(request => {
    if (request.method !== 'POST' || rng.below(100) >= mishaps.github) return null
    return rng.pick([{ act: 'cut' }, { act: 'lost' }, { act: 'answer', status: 502, done: true }, { act: 'answer', status: 500, done: false }, { act: 'answer', status: 429, done: false, headers: { 'retry-after': '1' } }] as const)
  })
  smtp.behave({
    recipient: () => (rng.below(100) < mishaps.mail ? { code: 451, text: '4.7.1 greylisted' } : null),
    content: () => (rng.below(100) < mishaps.mail ? 'cut' : 'take'),
  })
}

export const revisionOf = (n: number): string => (n + 1).toString(16).padStart(40, '0')

/** A push of one commit, as GitHub delivers it; answers whether it was accepted. */
export async function deliver({ cluster }: Pick<World, 'cluster'>, n: number): Promise<boolean> {
  const commit = {
    id: revisionOf(n), message: `change ${n}`, timestamp: '2026-01-02T03:04:05Z', url: `https://github.example.org/${PROJECT}/commit/${revisionOf(n)}`, distinct: true,
    author: { name: 'Ann', email: 'ann@example.org' }, committer: { name: 'Ann', email: 'ann@example.org' }, added: ['a.c'], modified: [], removed: [],
  }
  const body = JSON.stringify({
    ref: 'refs/heads/main', before: revisionOf(n + 1_000), after: commit.id, created: false, deleted: false, forced: false, head_commit: commit, commits: [commit],
    repository: { full_name: PROJECT, html_url: `https://github.example.org/${PROJECT}`, clone_url: `https://github.example.org/${PROJECT}.git` }, pusher: { name: 'ann', email: 'ann@example.org' }, sender: { login: 'ann' },
  })
  const signature = `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`
  const answer = await fetch(`${cluster.url}change_hook/github`, {
    method: 'POST', body, headers: { 'content-type': 'application/json', 'x-github-event': 'push', 'x-github-delivery': `delivery-${n}`, 'x-hub-signature-256': signature },
  }).catch(() => null)
  if (answer && answer.status < 500 && !answer.ok) throw new Error(`the hook was refused: ${answer.status} ${await answer.text()}`)
  return answer?.ok === true
}
