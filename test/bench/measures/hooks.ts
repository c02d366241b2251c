import { Agent, request } from 'node:http'
import { pushMessage, type HookMessage } from '@yardmaster/integrations/testing'
import { startInstallation, type Bench, type Installation } from '../installation.js'
import { percentiles } from '../statistics.js'
import type { Figure } from '../table.js'

const PER_SECOND = 500
const SECRET = 'of the webhook'
/** As the code hosts have open at once, and more. */
const SOCKETS = 128
/** A push of GitHub with its whole repository, sender and installation is about so large. */
const PADDING = 'x'.repeat(8_000)

const config = `
import { changeHooks, defineConfig, schedulers, workers } from '@yardmaster/config'
export default defineConfig({
  workers: [workers.worker({ name: 'w0', password: 'pw' })],
  builders: [{ name: 'b0', workers: ['w0'], steps: [] }],
  schedulers: [schedulers.anyBranch({ name: 'all', builders: ['b0'], treeStableTimer: '1h' })],
  changeHooks: [changeHooks.github({ secret: '${SECRET}' })],
})
`

type Sent = { status: number; ms: number }

/** Signed pushes of GitHub at a rate that does not wait for answers: all are kept, and answered after their commit. */
export async function measureHooks(bench: Bench): Promise<Figure[]> {
  const seconds = bench.quick ? 1 : 10
  const installation = await startInstallation(bench, { name: 'hooks', config })
  const agent = new Agent({ keepAlive: true, maxSockets: SOCKETS })
  try {
    await send(bench, installation, { agent, messages: messagesOf('warm', 300) })
    const before = installation.cpu()
    const messages = messagesOf('push', PER_SECOND * seconds)
    const began = bench.clock.monotonic()
    const sent = await send(bench, installation, { agent, messages })
    const took = bench.clock.monotonic() - began
    const after = installation.cpu()
    const [row] = await installation.rows<{ kept: number }>(`SELECT count(DISTINCT c.delivery_id) AS kept FROM changes c JOIN deliveries d ON d.id = c.delivery_id WHERE d.key LIKE 'push-%'`)
    const accepted = sent.filter(({ status }) => status === 202).length
    const perHook = (part: 'ui-api' | 'postgres') => (after[part] - before[part]) / messages.length
    return [
      { measure: `hooks at ${PER_SECOND}/s for ${seconds} s: answered 202 / kept as changes`, buildbot: '', budget: `all ${messages.length}`, found: `${accepted} / ${row?.kept}`, met: accepted === messages.length && row?.kept === messages.length },
      { measure: 'hooks answered per second, over it all', buildbot: '', budget: '', found: `${((messages.length * 1000) / took).toFixed(0)} /s`, met: null },
      { measure: 'answer to a hook under that load, p50 / p90 / p99', buildbot: '', budget: '', found: `${percentiles(sent.map(({ ms }) => ms), [0.5, 0.9, 0.99])} ms`, met: null },
      { measure: 'CPU of a hook: ui-api / PostgreSQL', buildbot: '', budget: '', found: `${perHook('ui-api').toFixed(2)} / ${perHook('postgres').toFixed(2)} ms`, met: null },
    ]
  } finally {
    agent.destroy()
    await installation.stop()
  }
}

function messagesOf(name: string, count: number): HookMessage[] {
  return Array.from({ length: count }, (_, n) => pushMessage('github', { revision: `${name}${n}`, delivery: `${name}-${n}`, secret: SECRET, more: { padding: PADDING } }))
}

/** Each at its time, however long those before it take. */
async function send({ clock }: Bench, { url }: Installation, { agent, messages }: { agent: Agent; messages: HookMessage[] }): Promise<Sent[]> {
  const began = clock.monotonic()
  const answers: Promise<Sent>[] = []
  while (answers.length < messages.length) {
    const due = Math.min(messages.length, Math.floor(((clock.monotonic() - began) / 1000) * PER_SECOND) + 1)
    while (answers.length < due) {
      const at = clock.monotonic()
      answers.push(post(agent, url, messages[answers.length]!).then(status => ({ status, ms: clock.monotonic() - at })))
    }
    await clock.sleep(1)
  }
  return Promise.all(answers)
}

function post(agent: Agent, url: string, { path, headers, body }: HookMessage): Promise<number> {
  return new Promise((resolve, reject) => {
    const sending = request(`${url}change_hook/${path}`, { agent, method: 'POST', headers: { ...headers, 'content-length': Buffer.byteLength(body) } }, response => {
      response.resume()
      response.once('end', () => resolve(response.statusCode ?? 0))
    })
    sending.once('error', reject)
    sending.end(body)
  })
}
