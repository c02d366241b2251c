import type { Database } from '@yardmaster/db'
import { EXCEPTION, FAILURE, WARNINGS, type Report, type ReporterKind } from '@yardmaster/domain'
import { readLogEnd } from './read-log.js'

/** Of what they tell people read more than a line. */
const readByPeople: ReadonlySet<ReporterKind> = new Set(['mail', 'slack', 'discord'])

const TAIL_BYTES = 4 * 1024
const LOGS = 4

export const showsTails = (kind: ReporterKind): boolean => readByPeople.has(kind)

/** The ends of the logs of steps that did not succeed, of those that people read as text. */
export async function readTails(db: Database, { build, event }: Report): Promise<Report['tails']> {
  if (event !== 'finished' || !build) return {}
  const bad = build.steps.filter(({ results }) => results === FAILURE || results === EXCEPTION || results === WARNINGS)
  const logs = bad.flatMap(step => step.logs.filter(({ type, num_lines }) => type !== 'h' && num_lines > 0).map(({ logid, slug }) => ({ key: `${step.name}.${slug}`, logid }))).slice(0, LOGS)
  const tails: Report['tails'] = {}
  for (const { key, logid } of logs) tails[key] ??= (await readLogEnd(db, logid, TAIL_BYTES)) ?? ''
  return tails
}
