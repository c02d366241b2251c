import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { GitPollerConfig, Json } from '@yardmaster/domain'
import { createLogger, systemClock, systemRandom } from '@yardmaster/runtime'
import { aConfiguration, aGitPoller, anInstallation, bringGeneration } from '../../../../test/kit/installation.js'
import { pollDue } from '../on/poll-due.js'
import type { PollGeneration } from '../polls/poll-generation.js'
import { createGit, type Git } from '../polls/run-git.js'
import { createRepository } from './repository.js'

export type Functions = { [name: string]: (value: Json) => Json | Promise<Json> }

type SourceRow = { id: number; claim: number; version: number; state: { heads: { [branch: string]: string } }; trouble: string | null; failures: number; due: number | null }
type Change = { revision: string; branch: string; comments: string; files: string[]; repository: string; project: string; category: string | null; properties: Json; when_at: Date }

const clock = systemClock()
export const git = createGit({ env: process.env, clock })

/** An installation without processes, a git repository, and pollers of it that a test has look when it wants. */
export async function pollerWorld() {
  const installation = await anInstallation(aConfiguration())
  const repository = createRepository()
  const folder = mkdtempSync(join(tmpdir(), 'yardmaster-pollers-'))
  const lines: { [key: string]: unknown }[] = []
  const logger = createLogger({ name: 'test', level: 'info', destination: { write: line => { lines.push(JSON.parse(line)) } } })
  const { db } = installation
  let generations = 0
  let whileWaiting = async () => {}
  /** Nobody waits: what the test says happens instead. */
  const patient = { ...clock, sleep: () => whileWaiting() }

  /** A poller of the repository in an installation that has just this source; `through` and `functions` stand in for git and for the user's functions. */
  async function aPoller(more: Partial<GitPollerConfig> = {}, { through = git, functions = {}, secrets = {} }: { through?: Git; functions?: Functions; secrets?: { [name: string]: string } } = {}) {
    const threadsOf = (own: Functions): PollGeneration['threads'] => ({
      call: async ({ $fn }, { args = [], each }) => (each ? await Promise.all(each.map(async item => own[$fn]!(item))) : await own[$fn]!(args[0]!)),
      callPatiently: async ({ $fn }, { args = [] }) => await own[$fn]!(args[0]!),
    })
    const loaded = new Map<number, PollGeneration>()
    const configure = async (source: GitPollerConfig, own: Functions) => {
      const configuration = aConfiguration({ changeSources: [source] })
      const { id } = await bringGeneration(db, configuration, `poll-${generations += 1}`)
      loaded.set(id, { id, configuration, threads: threadsOf(own) })
      return id
    }
    const source = { ...aGitPoller(repository.path), ...more }
    let active = await configure(source, functions)
    const fresh = () => pollDue({
      db, fence: { replicaId: installation.replicaId }, git: through, clock: patient, random: systemRandom(), folder, logger, pid: process.pid, stopping: new AbortController().signal,
      secrets: { get: name => secrets[name] }, underWay: new Set(), onEnd: () => {}, active: () => loaded.get(active)!, generationOf: async id => loaded.get(id)!,
    })
    let replica = fresh()
    const row = async () => (await db.pool.query<SourceRow>('SELECT id, claim, version, state, trouble, failures, (extract(epoch FROM due_at - now()))::float8 AS due FROM change_sources WHERE name = $1', [source.name])).rows[0]!
    return {
      row,
      async poll() {
        const { id, claim } = await row()
        await db.pool.query('UPDATE change_sources SET asked = true WHERE id = $1', [id])
        await replica({ data: { source: source.name, id, claim }, signal: new AbortController().signal })
      },
      reconfigure: async (changed: Partial<GitPollerConfig>, own = functions) => { active = await configure({ ...source, ...changed }, own) },
      restart: () => { replica = fresh() },
      generationId: () => active,
    }
  }

  async function changes(): Promise<Change[]> {
    const { rows } = await db.pool.query<Change>(
      'SELECT revision, branch, author, committer, comments, files, repository, project, codebase, category, revlink, properties, when_at FROM changes ORDER BY id')
    return rows
  }

  return {
    installation, db, repository, folder, lines, aPoller, changes,
    whenWaiting: (happens: () => Promise<void>) => { whileWaiting = happens },
    comments: async () => (await changes()).map(change => change.comments),
    async close() {
      await installation.close()
      repository.remove()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export type PollerWorld = Awaited<ReturnType<typeof pollerWorld>>
