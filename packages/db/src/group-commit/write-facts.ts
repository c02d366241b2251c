import type { Json, TriggeredBuildset } from '@yardmaster/domain'
import type { Transaction } from '../transaction.js'
import { addBuildsets } from '../verbs/add-buildset.js'
import { addTestResultSet } from '../verbs/add-test-result-set.js'
import { lockWorkers } from '../verbs/blame-workers.js'
import { finishBuilds } from '../verbs/finish-builds.js'
import { recordTrigger } from '../verbs/record-trigger.js'
import { releaseLocks } from '../verbs/release-locks.js'
import { setBuildData } from '../verbs/set-build-data.js'
import { factsOf, type EffectRef, type LineRange, type Submission } from './facts.js'
import { appendArtifacts, finishArtifacts, openArtifacts } from './write-artifacts.js'
import { appendChunks, finishLogs, openLogs } from './write-logs.js'
import { updateBuilds, updateSteps } from './write-progress.js'

/** Writes the facts of many builds, kind by kind in the fixed order of tables, each kind in one statement. */
export async function writeFacts(tx: Transaction, submissions: Submission[]): Promise<void> {
  await giveBackLocks(tx, submissions)
  const triggered = await addTriggered(tx, submissions)
  await startEffects(tx, submissions)
  // Before builds end: what has no outcome then may still run.
  await endEffects(tx, submissions, triggered)
  await finishBuilds(tx, factsOf(submissions, 'build-finished').map(({ build, fact }) => ({ buildId: build.id, results: fact.results, stateString: fact.stateString, workerFault: fact.workerFault ?? null })))
  await updateBuilds(tx, submissions)
  await updateSteps(tx, submissions)
  await setBuildData(tx, factsOf(submissions, 'build-data-set').map(({ build, fact }) => ({ buildId: build.id, name: fact.name, value: fact.content, source: fact.source })))
  for (const { build, fact } of factsOf(submissions, 'tests-told')) await addTestResultSet(tx, { builderId: build.builderId, buildId: build.id, stepId: fact.step.id, project: build.project, set: fact.set })
  await openLogs(tx, submissions)
  await appendChunks(tx, submissions)
  await finishLogs(tx, submissions)
  await openArtifacts(tx, submissions)
  await appendArtifacts(tx, submissions)
  await finishArtifacts(tx, submissions)
}

type EndedEffect = { build: number; effect: EffectRef; position: number; outcome: Json }

/** The buildsets that steps ask for, in the transaction that says so in their journal: they are added once, whatever happens. */
async function addTriggered(tx: Transaction, submissions: Submission[]): Promise<EndedEffect[]> {
  const triggers = factsOf(submissions, 'effect-triggered')
  const added = await addBuildsets(tx, triggers.flatMap(({ fact }) => fact.buildsets))
  for (const { fact } of triggers) for (const trigger of fact.deferred ?? []) await recordTrigger(tx, trigger)
  return triggers.map(({ build, fact: { effect, position, buildsets } }) => {
    const outcome = buildsets.map(({ scheduler, builderNames }): TriggeredBuildset => {
      const { buildsetId, requests } = added.shift()!
      const names = [...new Set(builderNames)]
      return { scheduler, buildset: buildsetId, requests: requests.map(({ requestId }, index) => ({ builder: names[index]!, request: requestId })) }
    })
    return { build: build.id, effect, position, outcome }
  })
}

/** To be called before the sessions are locked: workers that are blamed come before them. */
export async function lockBlamed(tx: Transaction, submissions: Submission[]): Promise<void> {
  const blamed = factsOf(submissions, 'build-finished').filter(({ fact }) => fact.workerFault)
  if (blamed.length > 0) await lockWorkers(tx, blamed.map(({ build }) => build.workerId))
}

/**
 * Those of builds that end along with those of steps, and before what is triggered holds the requests that it makes needless: so rows are held in one order.
 * `finishBuilds` finds nothing left.
 */
async function giveBackLocks(tx: Transaction, submissions: Submission[]): Promise<void> {
  const steps = factsOf(submissions, 'locks-released').map(({ build, fact }) => ({ build: build.id, step: fact.step }))
  if (steps.length > 0 || factsOf(submissions, 'effect-triggered').length > 0) await releaseLocks(tx, { steps, builds: factsOf(submissions, 'build-finished').map(({ build }) => build.id) })
}

async function startEffects(tx: Transaction, submissions: Submission[]): Promise<void> {
  const started = factsOf(submissions, 'effect-started')
  if (started.length === 0) return
  await tx.execute(
    `INSERT INTO effects (build_id, step_number, n, kind, fingerprint, first_line, process_id)
     SELECT * FROM unnest($1::bigint[], $2::int[], $3::int[], $4::text[], $5::text[], $6::int[], $7::text[])`,
    [started.map(({ build }) => build.id), started.map(({ fact }) => fact.effect.step), started.map(({ fact }) => fact.effect.n),
      started.map(({ fact }) => fact.effectKind), started.map(({ fact }) => fact.fingerprint), started.map(({ fact }) => fact.firstLine), started.map(({ session }) => session.processId)])
}

type EffectRecord = { build_id: number; step: number; n: number; seq: number; ranges: LineRange[] | null; position: number | null; outcome: string | null }

/**
 * How far each command's output is committed, and how effects ended: in the transaction that has the lines. An outcome is kept as JSON text within the jsonb,
 * which takes what jsonb itself does not: a NUL or half a surrogate pair in what a command printed.
 */
async function endEffects(tx: Transaction, submissions: Submission[], triggered: EndedEffect[]): Promise<void> {
  const records = new Map<string, EffectRecord>()
  const record = (build: number, { step, n }: EffectRef) => {
    const key = `${build}/${step}/${n}`
    const known = records.get(key) ?? { build_id: build, step, n, seq: 0, ranges: null, position: null, outcome: null }
    records.set(key, known)
    return known
  }
  for (const { build, fact } of factsOf(submissions, 'effect-advanced')) {
    const advanced = record(build.id, fact.effect)
    Object.assign(advanced, { seq: fact.seq, ranges: fact.ranges ?? advanced.ranges })
  }
  const ended = factsOf(submissions, 'effect-ended').map(({ build, fact }) => ({ build: build.id, ...fact }))
  for (const { build, effect, position, outcome } of [...triggered, ...ended]) Object.assign(record(build, effect), { position, outcome: JSON.stringify(outcome) })
  if (records.size === 0) return
  await tx.execute(
    `UPDATE effects e SET seq = greatest(e.seq, r.seq), ranges = coalesce(r.ranges, e.ranges), position = coalesce(r.position, e.position), outcome = coalesce(to_jsonb(r.outcome), e.outcome)
     FROM jsonb_to_recordset($1::jsonb) AS r(build_id bigint, step int, n int, seq bigint, ranges jsonb, position int, outcome text)
     WHERE e.build_id = r.build_id AND e.step_number = r.step AND e.n = r.n`,
    [JSON.stringify([...records.values()])])
}
