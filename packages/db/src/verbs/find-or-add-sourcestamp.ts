import { createHash } from 'node:crypto'
import { sourceStampKey, type SourceStampData } from '@yardmaster/domain'
import { storableText } from '../storable.js'
import type { Transaction } from '../transaction.js'

/** Equal sourcestamps are one row, also when two transactions meet one for the first time together. Returns its id. */
export async function findOrAddSourcestamp(tx: Transaction, stamp: SourceStampData): Promise<number> {
  // A digest, because an index entry has a size limit and a branch's name has none.
  const key = createHash('sha256').update(sourceStampKey(stamp)).digest('hex')
  const found = await find(tx, key)
  if (found !== undefined) return found
  const [added] = await tx.query<{ id: number }>(
    `INSERT INTO sourcestamps (key, codebase, repository, project, branch, revision) VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (key) DO NOTHING RETURNING id`,
    [key, storableText(stamp.codebase), storableText(stamp.repository), storableText(stamp.project), orNull(stamp.branch), orNull(stamp.revision)])
  const id = added?.id ?? await find(tx, key)
  if (id === undefined) throw new Error(`sourcestamp ${key} is neither there nor could it be added: the transaction must run at READ COMMITTED`)
  return id
}

async function find(tx: Transaction, key: string): Promise<number | undefined> {
  const [row] = await tx.query<{ id: number }>('SELECT id FROM sourcestamps WHERE key = $1', [key])
  return row?.id
}

function orNull(text: string | null): string | null {
  return text === null ? null : storableText(text)
}
