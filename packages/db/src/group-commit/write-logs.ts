import type { Transaction } from '../transaction.js'
import { factsOf, type BuildRef, type LogRef, type Submission } from './facts.js'

export async function openLogs(tx: Transaction, submissions: Submission[]): Promise<void> {
  const opened = factsOf(submissions, 'log-opened')
  if (opened.length === 0) return
  await tx.execute(
    `INSERT INTO logs (id, step_id, name, slug, type) SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[])`,
    [opened.map(({ fact }) => fact.log.id), opened.map(({ fact }) => fact.log.stepId), opened.map(({ fact }) => fact.name),
      opened.map(({ fact }) => fact.log.slug), opened.map(({ fact }) => fact.type)])
  for (const { build, fact } of opened) tx.publish(told('log.new', build, fact.log, 1))
}

/** Rows of one INSERT: PostgreSQL takes at most 65,535 parameters. */
const CHUNKS_PER_STATEMENT = 4_000

/** Each chunk's content is a parameter of its own: arrays of bytea cost eight times as much. */
export async function appendChunks(tx: Transaction, submissions: Submission[]): Promise<void> {
  const appended = factsOf(submissions, 'log-appended')
  for (let from = 0; from < appended.length; from += CHUNKS_PER_STATEMENT) {
    const part = appended.slice(from, from + CHUNKS_PER_STATEMENT)
    const values = part.map((_, index) => `($${index * 4 + 1}::bigint,$${index * 4 + 2}::int,$${index * 4 + 3}::int,$${index * 4 + 4}::bytea)`)
    await tx.execute(
      `INSERT INTO log_chunks (log_id, first_line, last_line, content) VALUES ${values.join(',')}`,
      part.flatMap(({ fact }) => [fact.log.id, fact.firstLine, fact.firstLine + fact.lines - 1, fact.content]))
  }
  const ends = new Map<number, { build: BuildRef; log: LogRef; lines: number }>()
  for (const { build, fact } of appended) ends.set(fact.log.id, { build, log: fact.log, lines: fact.firstLine + fact.lines })
  if (ends.size === 0) return
  const rows = await tx.query<{ id: number; version: number }>(
    `UPDATE logs l SET num_lines = e.lines, version = version + 1 FROM unnest($1::bigint[], $2::int[]) AS e(id, lines) WHERE l.id = e.id RETURNING l.id, l.version`,
    [[...ends.keys()], [...ends.values()].map(end => end.lines)])
  for (const row of rows) {
    const { build, log } = ends.get(row.id)!
    tx.publish(told('log.append', build, log, row.version))
  }
}

export async function finishLogs(tx: Transaction, submissions: Submission[]): Promise<void> {
  const finished = factsOf(submissions, 'log-finished')
  if (finished.length === 0) return
  const byId = new Map(finished.map(entry => [entry.fact.log.id, entry]))
  const rows = await tx.query<{ id: number; version: number }>(
    'UPDATE logs SET complete = true, version = version + 1 WHERE id = ANY($1) AND NOT complete RETURNING id, version', [[...byId.keys()]])
  for (const row of rows) {
    const { build, fact } = byId.get(row.id)!
    tx.publish(told('log.finished', build, fact.log, row.version))
  }
}

function told(type: 'log.new' | 'log.append' | 'log.finished', build: BuildRef, log: LogRef, version: number) {
  return { type, id: log.id, version, project: build.project, parents: { build: build.id, step: log.stepId, slug: log.slug } }
}
