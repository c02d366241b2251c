import { transaction } from '@yardmaster/db'
import { addBuildset } from '@yardmaster/db/verbs/add-buildset'
import { registerReplica } from '@yardmaster/db/verbs/register-replica'
import { CANCELLED, codebaseParameter, EXCEPTION, FAILURE, forceParameter, RETRY, SKIPPED, SUCCESS, WARNINGS, type ForceScheduler } from '@yardmaster/domain'
import { aBuilder, aConfiguration, aGitPoller, aScheduler, aWorker } from '../../../../test/kit/installation.js'
import { startApi, type TestApi } from './api.js'
import { accept, aChange, connectWorker, finish, repository, request, start, writeLog, type Started } from './builds.js'

const force: ForceScheduler = {
  kind: 'force', name: 'force', builders: ['b1', 'Ünï cödé/ß'], properties: {}, priority: 0, reason: '%(reason)s', label: 'Force', buttonName: 'Go',
  codebases: [codebaseParameter('', { repository, branch: 'main' })], parameters: [forceParameter({ name: 'level', type: 'int', default: 1 })],
}

/** Ids and names by the names that Buildbot's paths have for them. */
export type Places = { readonly [parameter: string]: string | number }

/** A small installation with something of everything: nulls, lists, names that have to be escaped, all results, parents and children. */
export async function startContractInstallation(): Promise<{ api: TestApi; places: Places }> {
  const api = await startApi(aConfiguration({
    projects: [{ name: 'hello', slug: 'hello', description: null }, { name: 'Apart', slug: 'apart', description: 'another' }],
    workers: [aWorker('w1'), aWorker('w2'), aWorker('W_3')],
    builders: [
      aBuilder('b1', { tags: ['linux', 'fast'], description: 'first', project: 'hello', workers: ['w1', 'w2'] }), aBuilder('Ünï cödé/ß', { tags: ['mac'], workers: ['W_3'] }),
      aBuilder('B2', { tags: ['linux', '100%'], description: 'Zweiter', project: 'Apart' }), aBuilder('_b', { description: 'a' }),
    ],
    schedulers: [aScheduler('all', { builders: ['b1'] }), aScheduler('Nightly_1', { builders: ['B2'] }), force],
    changeSources: [aGitPoller('https://git.example.org/hello.git'), aGitPoller('https://git.example.org/Other.git')],
  }))
  await transaction(api.db, null, tx => registerReplica(tx, { role: 'scheduler', name: 'second', host: 'localhost', pid: 2, softwareVersion: '0' }))
  await acceptChanges(api)
  const builds = await runBuilds(api)
  const build = builds[0]!
  const step = build.steps[1]!
  const logid = await writeLog(api, step.id, { lines: ['hstart', 'oone', 'etwo', 'othrée'], chunks: [2, 2] })
  await writeMore(api, build, step.id)
  return { api, places: {
    masterid: api.replicaId, builderid: build.builderId, buildername: 'b1', workerid: build.workerId, projectid: 1, projectname: 'hello', changeid: 1, ssid: 1, bsid: 1, buildsetid: 1,
    buildrequestid: 1, buildid: build.buildId, build_number: build.number, stepid: step.id, step_name: 'test', step_number: 1, logid, log_slug: 'stdio', schedulerid: 1,
    schedulername: 'force', changesourceid: 1, test_result_setid: 1, codebaseid: 1, codebasename: 'c', branchid: 1, commitid: 1, commitid1: 1, commitid2: 2, revision: 'r1',
  } }
}

async function acceptChanges(api: TestApi): Promise<void> {
  const more = [{}, { committer: 'Bob <bob@example.org>', category: 'nightly' }, { branch: null, revision: null }, { revlink: 'https://git.example.org/r4', files: [] }, { comments: 'Ü\n100% _x_' }, { author: 'zoë' }]
  for (const [index, change] of more.entries()) await accept(api, aChange(`r${index + 1}`, change))
}

const outcomes = [SUCCESS, FAILURE, WARNINGS, EXCEPTION, SKIPPED, RETRY, CANCELLED, null] as const

async function runBuilds(api: TestApi): Promise<Started[]> {
  const worker = await connectWorker(api, 'w1')
  const started: Started[] = []
  for (const [index, results] of outcomes.entries()) {
    const properties = { scheduler: ['all', 'Scheduler'] as [string, string] }
    const build = await start(api, await request(api, 'b1', { revision: `r${index % 6 + 1}`, properties }), { worker, properties: { branch: ['main', 'Build'], n: [index, 'x'] } })
    if (results !== null) await finish(api, build, results)
    started.push(build)
  }
  await request(api, 'Ünï cödé/ß')
  await transaction(api.db, null, tx => addBuildset(tx, {
    reason: 'Triggered by b1', scheduler: 'all', actor: 'system:scheduler', generationId: api.generationId, properties: {}, priority: 7, builderNames: ['B2'], externalId: 'outside',
    waitedFor: true, parentBuildId: started[0]!.buildId, parentRelationship: 'Triggered from', sourcestamps: [{ codebase: 'lib', repository, project: 'p', branch: null, revision: null,
      patch: { level: 1, subdir: '', body: '--- a\n+++ b\n', author: 'ann', comment: 'try' } }],
  }))
  return started
}

/** What no verb of ui-api's writes. */
async function writeMore(api: TestApi, { buildId, builderId }: Started, stepId: number): Promise<void> {
  const { pool } = api.db
  await pool.query(`UPDATE steps SET started_at = now() - interval '1 minute', complete_at = now(), results = 0, urls = '[{"name":"docs","url":"https://example.org"}]' WHERE id = $1`, [stepId])
  await pool.query(`UPDATE workers SET paused = true, pause_reason = 'Zzz' WHERE name = 'w2'`)
  await pool.query(`UPDATE schedulers SET enabled = false WHERE name = 'Nightly_1'`)
  await pool.query(`INSERT INTO build_data (build_id, name, value, source) VALUES ($1, 'coverage', '\\x00ff10', 'test'), ($1, 'Report_2', '', 'git')`, [buildId])
  await pool.query(
    `INSERT INTO test_result_sets (builder_id, build_id, step_id, description, category, value_unit, tests_passed, tests_failed, complete)
     VALUES ($1, $2, $3, 'unit', 'pass_fail', 'boolean', 2, 1, true), ($1, $2, $3, NULL, 'performance', 's', NULL, NULL, false)`, [builderId, buildId, stepId])
  await pool.query(
    `INSERT INTO test_results (set_id, test_name, test_code_path, line, duration_ns, value)
     VALUES (1, 'a', 'a.c', 3, 5000000000, '1'), (1, 'B', NULL, NULL, NULL, '0'), (1, NULL, 'c.c', 7, 1, '1')`)
}
