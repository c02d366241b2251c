import type { Transaction } from '../transaction.js'
import { lockWorkers } from '../verbs/blame-workers.js'
import { finishBuilds } from '../verbs/finish-builds.js'
import { releaseLocks } from '../verbs/release-locks.js'
import { factsOf, type Submission } from './facts.js'
import { appendChunks, finishLogs, openLogs } from './write-logs.js'
import { updateBuilds, updateSteps } from './write-progress.js'

/** Writes the facts of many builds, kind by kind in the fixed order of tables, each kind in one statement. */
export async function writeFacts(tx: Transaction, submissions: Submission[]): Promise<void> {
  await startEffects(tx, submissions)
  await giveBackLocks(tx, submissions)
  await finishBuilds(tx, factsOf(submissions, 'build-finished').map(({ build, fact }) => ({ buildId: build.id, results: fact.results, stateString: fact.stateString, workerFault: fact.workerFault ?? null })))
  await updateBuilds(tx, submissions)
  await updateSteps(tx, submissions)
  await openLogs(tx, submissions)
  await appendChunks(tx, submissions)
  await finishLogs(tx, submissions)
  await endEffects(tx, submissions)
}

/** To be called before the sessions are locked: workers that are blamed come before them. */
export async function lockBlamed(tx: Transaction, submissions: Submission[]): Promise<void> {
  const blamed = factsOf(submissions, 'build-finished').filter(({ fact }) => fact.workerFault)
  if (blamed.length > 0) await lockWorkers(tx, blamed.map(({ build }) => build.workerId))
}

/** Those of builds that end along with those of steps, so that the rows of locks are held in one order; `finishBuilds` finds nothing left. */
async function giveBackLocks(tx: Transaction, submissions: Submission[]): Promise<void> {
  const steps = factsOf(submissions, 'locks-released').map(({ build, fact }) => ({ build: build.id, step: fact.step }))
  if (steps.length > 0) await releaseLocks(tx, { steps, builds: factsOf(submissions, 'build-finished').map(({ build }) => build.id) })
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

/**
 * How far each command's output is committed, and how effects ended: in the transaction that has the lines. An outcome is kept as JSON text within the jsonb,
 * which takes what jsonb itself does not: a NUL or half a surrogate pair in what a command printed.
 */
async function endEffects(tx: Transaction, submissions: Submission[]): Promise<void> {
  const records = new Map<string, { build_id: number; step: number; n: number; seq: number; outcome: string | null }>()
  const record = (build: number, { step, n }: { step: number; n: number }) => {
    const key = `${build}/${step}/${n}`
    const known = records.get(key) ?? { build_id: build, step, n, seq: 0, outcome: null }
    records.set(key, known)
    return known
  }
  for (const { build, fact } of factsOf(submissions, 'effect-advanced')) record(build.id, fact.effect).seq = fact.seq
  for (const { build, fact } of factsOf(submissions, 'effect-ended')) record(build.id, fact.effect).outcome = JSON.stringify(fact.outcome)
  if (records.size === 0) return
  await tx.execute(
    `UPDATE effects e SET seq = greatest(e.seq, r.seq), outcome = coalesce(to_jsonb(r.outcome), e.outcome)
     FROM jsonb_to_recordset($1::jsonb) AS r(build_id bigint, step int, n int, seq bigint, outcome text)
     WHERE e.build_id = r.build_id AND e.step_number = r.step AND e.n = r.n`,
    [JSON.stringify([...records.values()])])
}
