import { SUCCESS, type Json } from '@yardmaster/domain'
import { githubComment, githubPull, hookMessages, pushMessage, startFakeGithub, type FakeGithub, type HookMessage } from '@yardmaster/integrations/testing'
import { afterAll, beforeAll, expect, onTestFailed, test } from 'vitest'
import { newPage, startBrowser } from '../kit/browser.js'
import { lastWords, startCluster, type Cluster } from '../kit/cluster.js'
import { until } from '../kit/until.js'

const PUSHES = 200
const STORM = 400
const SENDERS = 12
const KILLS = 3
const secret = 'of the webhooks'

let github: FakeGithub
let cluster: Cluster

const config = (apiUrl: string) => `
import { changeHooks, defineConfig, schedulers, steps, util, workers } from '@yardmaster/config'
const common = { secret: util.secret('hooks') }
const names = ['w1', 'w2', 'w3']
export default defineConfig({
  workers: names.map(name => workers.worker({ name, password: 'pw' })),
  builders: [
    { name: 'each', workers: names, collapseRequests: false, steps: [] },
    { name: 'pulls', workers: names, collapseRequests: false, steps: [steps.shell({ name: 's', command: 'true' })] },
  ],
  schedulers: [
    schedulers.anyBranch({ name: 'pushes', builders: ['each'], changeFilter: util.changeFilter({ categoryNot: ['pull', 'asked'], branchNot: ['storm'] }) }),
    schedulers.anyBranch({ name: 'pulls', builders: ['pulls'], changeFilter: util.changeFilter({ category: ['pull', 'asked'] }) }),
  ],
  changeHooks: [
    changeHooks.base(), changeHooks.gitlab(common), changeHooks.gitea(common), changeHooks.bitbucketCloud(common), changeHooks.bitbucketServer(common),
    changeHooks.github({
      ...common, token: util.secret('github'), apiUrl: '${apiUrl}',
      on: {
        issue_comment: async (event, host) => {
          const number = event.payload.issue.number
          if (event.payload.comment.body !== '/build' || event.sender === 'yard') return []
          if (await host.permissionOf(event.sender) !== 'write') {
            await host.comment(number, '@' + event.sender + ' may not build')
            return []
          }
          const pull = await host.pullRequest(number)
          await host.addLabel(number, 'building')
          return [{ branch: 'refs/pull/' + number + '/merge', revision: pull.headSha, category: 'asked', files: await host.files(number), properties: { asked_by: event.sender } }]
        },
      },
    }),
  ],
})
`

beforeAll(async () => {
  github = await startFakeGithub()
  github.tokens.set('a token', { login: 'yard', right: 'write', app: null, repositories: null })
  const repository = github.addRepository('o/hello')
  repository.permissions.set('ann', 'write')
  cluster = await startCluster({ config: config(github.url), workers: ['w1', 'w2', 'w3'], env: { YARD_SECRET_HOOKS: secret, YARD_SECRET_GITHUB: 'a token' } })
})
afterAll(async () => {
  await cluster?.stop()
  await github?.close()
})

async function send({ path, headers, body }: HookMessage): Promise<number> {
  const response = await fetch(`${cluster.url}change_hook/${path}`, { method: 'POST', headers, body })
  await response.text()
  return response.status
}

const sendGithub = (event: string, delivery: string, payload: Json) => send(hookMessages.github({ event, delivery, secret, payload }))

test('ui-api is killed again and again in a storm of hooks: what was answered 2xx is a change, what is sent again makes no second one', async () => {
  onTestFailed(() => { process.stderr.write(lastWords(cluster)) })
  const uiApi = cluster.roles['ui-api']
  const answered: number[] = []
  const statuses = new Set<number>()
  const killing = (async () => {
    for (let n = 0; n < KILLS; n++) {
      await until('some more to be answered', () => answered.length >= ((n + 1) * STORM) / (KILLS + 2))
      await new Promise<void>(resolve => {
        cluster.proxies['ui-api'].at({ transaction: /INSERT INTO deliveries/, when: n % 2 === 0 ? 'before the commit' : 'after the commit' }, () => { uiApi.signal('SIGKILL'); resolve() })
      })
      await uiApi.ended
      await uiApi.start()
    }
  })()
  // Both end with the test: whatever fails first is what it fails with.
  killing.catch(() => {})
  let next = 0
  await Promise.all(Array.from({ length: SENDERS }, async () => {
    for (let n = next++; n < STORM; n = next++) {
      const message = pushMessage('github', { revision: `storm${n}`, branch: 'storm', delivery: `storm-${n}`, secret })
      const status = await until(`hook ${n} to be answered`, () => send(message).catch(() => null))
      statuses.add(status)
      answered.push(n)
    }
  }))
  await killing
  expect([...statuses].filter(status => status !== 200 && status !== 202)).toEqual([])
  const kept = await cluster.rows<{ revision: string; changes: number }>(`SELECT revision, count(*)::int AS changes FROM changes WHERE branch = 'storm' GROUP BY revision`)
  expect(kept.filter(({ changes }) => changes !== 1)).toEqual([])
  expect(kept).toHaveLength(answered.length)
})

type DeliveryRow = { state: string; attempts: number; error: string | null; note: string; changes: number }
async function delivery(key: string): Promise<DeliveryRow | undefined> {
  const [row] = await cluster.rows<DeliveryRow>('SELECT state, attempts, error, note, (SELECT count(*)::int FROM changes c WHERE c.delivery_id = d.id) AS changes FROM deliveries d WHERE key = $1', [key])
  return row
}
const ended = (key: string, state: string) => until(`delivery ${key} to be ${state}`, async () => {
  const row = await delivery(key)
  return row?.state === state ? row : null
})

test('with every scheduler and engine down, hooks of all hosts are accepted, once each however often they come, and built once each, later', async () => {
  onTestFailed(() => { process.stderr.write(lastWords(cluster)) })
  await Promise.all([...cluster.schedulers, ...cluster.engines].map(role => role.kill()))
  const hosts = ['github', 'gitlab', 'gitea', 'forgejo', 'bitbucketcloud', 'bitbucketserver'] as const
  const messages = Array.from({ length: PUSHES }, (_, n) => pushMessage(hosts[n % hosts.length]!, { revision: `r${n}`, delivery: `push-${n}`, secret }))
  const statuses = (await Promise.all(messages.map((message, n) => Promise.all(n % 5 === 0 ? [send(message), send(message)] : [send(message)])))).flat()
  expect(statuses.filter(status => status === 202)).toHaveLength(PUSHES)
  expect(statuses.filter(status => status !== 202 && status !== 200)).toEqual([])
  // A host that had no answer in time sends it again.
  expect(new Set(await Promise.all(messages.filter((_, n) => n % 7 === 0).map(send)))).toEqual(new Set([200]))
  await Promise.all([...cluster.schedulers, ...cluster.engines].map(role => role.start()))
  const count = async () => (await cluster.rows<{ revision: string; builds: number }>(
    `SELECT c.revision, count(b.id)::int AS builds FROM changes c JOIN buildset_sourcestamps n ON n.sourcestamp_id = c.sourcestamp_id JOIN build_requests r ON r.buildset_id = n.buildset_id JOIN builds b ON b.build_request_id = r.id
     WHERE c.revision LIKE 'r%' AND b.results = $1 GROUP BY c.id, c.revision`, [SUCCESS]))
  const built = await until('all to be built', async () => {
    const rows = await count()
    return rows.length === PUSHES ? rows : null
  })
  expect(built.filter(({ builds }) => builds !== 1)).toEqual([])
  expect(new Set(built.map(({ revision }) => revision)).size).toBe(PUSHES)
})

test('a pull request is built with the files and the message that only the API tells, asked after the answer', async () => {
  const sha = 'a'.repeat(40)
  github.addPull('o/hello', { number: 7, head: { sha, ref: 'topic' }, files: [{ filename: 'x.c' }, { filename: 'y.c' }] })
  expect(await sendGithub('pull_request', 'pull-7', githubPull({ number: 7, sha }))).toBe(202)
  expect(await ended('pull-7', 'done')).toMatchObject({ changes: 1 })
  const [change] = await cluster.rows('SELECT branch, revision, files, category FROM changes WHERE revision = $1', [sha])
  expect(change).toEqual({ branch: 'refs/pull/7/merge', revision: sha, files: ['x.c', 'y.c'], category: 'pull' })
})

test('a comment becomes a build by a function that looks at who asks, and is asked again when the host fails; it is done once', async () => {
  const sha = 'b'.repeat(40)
  github.addPull('o/hello', { number: 8, head: { sha, ref: 'topic' }, files: [{ filename: 'z.c' }] })
  let failures = 2
  github.setMishaps(({ path }) => (path.endsWith('/permission') && failures-- > 0 ? { act: 'answer', status: 502, done: false, body: { message: 'a token was not liked' } } : null))
  expect(await sendGithub('issue_comment', 'comment-8', githubComment({ number: 8, text: '/build', sender: 'ann' }))).toBe(202)
  expect(await ended('comment-8', 'done')).toMatchObject({ attempts: 3, changes: 1, error: null })
  github.setMishaps(() => null)
  const [change] = await cluster.rows('SELECT author, branch, revision, files, category, repository, properties FROM changes WHERE revision = $1', [sha])
  expect(change).toMatchObject({ author: 'ann', branch: 'refs/pull/8/merge', files: ['z.c'], category: 'asked', repository: 'https://github.example.org/o/hello', properties: { asked_by: ['ann', 'Change'], event: ['issue_comment', 'Change'] } })
  expect(github.repositories.get('o/hello')?.labels.get(8)).toEqual(['building'])
  expect(await sendGithub('issue_comment', 'comment-9', githubComment({ number: 8, text: '/build', sender: 'eve' }))).toBe(202)
  expect(await ended('comment-9', 'done')).toMatchObject({ changes: 0 })
  expect(github.repositories.get('o/hello')?.comments.get(8)?.map(({ body }) => body)).toEqual(['@eve may not build'])
  const [{ builds }] = await until('its build to end', async () => {
    const rows = await cluster.rows<{ builds: number }>(
      `SELECT count(*)::int AS builds FROM changes c JOIN buildset_sourcestamps n ON n.sourcestamp_id = c.sourcestamp_id JOIN build_requests r ON r.buildset_id = n.buildset_id WHERE c.revision = $1 AND r.results = $2`, [sha, SUCCESS])
    return rows[0]?.builds ? [rows[0]] as const : null
  })
  expect(builds).toBe(1)
})

test('the web page shows what hooks are told as it comes, what was sent, and has it worked on again', async () => {
  const browser = await startBrowser()
  onTestFailed(() => { process.stderr.write(lastWords(cluster)) })
  try {
    const page = await newPage(browser)
    const errors: string[] = []
    page.on('pageerror', error => errors.push(String(error)))
    await page.goto(`${cluster.url}deliveries`)
    await page.locator('[data-testid=deliveries-page]').waitFor()
    await page.locator('[data-testid=live-state][data-state=live]').waitFor()
    expect(await send(pushMessage('gitlab', { revision: 'on the page', branch: 'storm', delivery: 'page', secret }))).toBe(202)
    const [{ id }] = await cluster.rows<{ id: number }>(`SELECT id FROM deliveries WHERE key = 'page'`) as [{ id: number }]
    const row = page.locator(`[data-testid=delivery-row][data-delivery="${id}"]`)
    await row.getByText('1 change').waitFor()
    await row.getByTestId('delivery-open').click()
    await page.getByTestId('delivery-payload').getByText('"on the page"').first().waitFor()
    await row.getByTestId('redeliver').click()
    await row.getByText('2 changes').waitFor()
    expect(errors).toEqual([])
  } finally {
    await browser.close()
  }
})

test('a scheduler that dies while it works on a message leaves it to the next, and those behind it wait for it', async () => {
  onTestFailed(() => { process.stderr.write(lastWords(cluster)) })
  const [first, second] = ['c'.repeat(40), 'd'.repeat(40)]
  github.addPull('o/hello', { number: 9, head: { sha: first, ref: 'topic' } })
  github.addPull('o/hello', { number: 10, head: { sha: second, ref: 'topic' } })
  github.setMishaps(({ path }) => (path.endsWith('/pulls/9/files') ? { act: 'hold' } : null))
  expect(await sendGithub('pull_request', 'pull-9', githubPull({ number: 9, sha: first }))).toBe(202)
  await until('it to be worked on', () => github.held() > 0)
  expect(await sendGithub('pull_request', 'pull-10', githubPull({ number: 10, sha: second }))).toBe(202)
  await cluster.roles.scheduler.kill()
  expect(await delivery('pull-10')).toMatchObject({ state: 'pending', attempts: 0 })
  github.setMishaps(() => null)
  github.release()
  await cluster.roles.scheduler.start()
  expect(await ended('pull-9', 'done')).toMatchObject({ attempts: 2, changes: 1 })
  expect(await ended('pull-10', 'done')).toMatchObject({ attempts: 1, changes: 1 })
  const revisions = await cluster.rows('SELECT revision FROM changes WHERE revision = ANY($1) ORDER BY id', [[first, second]])
  expect(revisions).toEqual([{ revision: first }, { revision: second }])
})
