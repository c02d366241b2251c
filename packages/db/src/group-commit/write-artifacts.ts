import type { Transaction } from '../transaction.js'
import { factsOf, type Submission } from './facts.js'

export async function openArtifacts(tx: Transaction, submissions: Submission[]): Promise<void> {
  const opened = factsOf(submissions, 'artifact-opened')
  if (opened.length === 0) return
  await tx.execute(
    `INSERT INTO artifacts (id, build_id, step_number, effect, name, expires_at)
     SELECT id, build_id, step_number, effect, name, now() + make_interval(secs => keep) FROM unnest($1::bigint[], $2::bigint[], $3::int[], $4::int[], $5::text[], $6::float8[]) AS o(id, build_id, step_number, effect, name, keep)`,
    [opened.map(({ fact }) => fact.id), opened.map(({ build }) => build.id), opened.map(({ fact }) => fact.effect.step), opened.map(({ fact }) => fact.effect.n), opened.map(({ fact }) => fact.name), opened.map(({ fact }) => fact.keepSeconds)])
}

/** Rows of one INSERT: PostgreSQL takes at most 65,535 parameters. */
const CHUNKS_PER_STATEMENT = 4_000

export async function appendArtifacts(tx: Transaction, submissions: Submission[]): Promise<void> {
  const appended = factsOf(submissions, 'artifact-appended').map(({ fact }) => fact)
  for (let from = 0; from < appended.length; from += CHUNKS_PER_STATEMENT) {
    const part = appended.slice(from, from + CHUNKS_PER_STATEMENT)
    const values = part.map((_, index) => `($${index * 3 + 1}::bigint,$${index * 3 + 2}::bigint,$${index * 3 + 3}::bytea)`)
    await tx.execute(`INSERT INTO artifact_chunks (artifact_id, at, content) VALUES ${values.join(',')}`, part.flatMap(({ id, at, content }) => [id, at, content]))
  }
  const sizes = new Map(appended.map(({ id, at, content }) => [id, at + content.byteLength]))
  if (sizes.size > 0) await tx.execute('UPDATE artifacts a SET size = s.size FROM unnest($1::bigint[], $2::bigint[]) AS s(id, size) WHERE a.id = s.id', [[...sizes.keys()], [...sizes.values()]])
}

export async function finishArtifacts(tx: Transaction, submissions: Submission[]): Promise<void> {
  const finished = factsOf(submissions, 'artifact-finished').map(({ fact }) => fact)
  if (finished.length > 0) await tx.execute('UPDATE artifacts a SET sha256 = f.sha256 FROM unnest($1::bigint[], $2::text[]) AS f(id, sha256) WHERE a.id = f.id', [finished.map(({ id }) => id), finished.map(({ sha256 }) => sha256)])
}
