import { createHash } from 'node:crypto'
import { sourceStampKey, type Patch, type SourceStampData, type StoredPatch } from '@yardmaster/domain'
import { storableText } from '../storable.js'
import type { Transaction } from '../transaction.js'

/** Equal sourcestamps are one row, also when two transactions meet one for the first time together. Returns its id. */
export async function findOrAddSourcestamp(tx: Transaction, stamp: SourceStampData): Promise<number> {
  // A digest, because an index entry has a size limit and a branch's name has none.
  const patchId = stamp.patch ? await findOrAddPatch(tx, stamp.patch) : null
  const key = digest(sourceStampKey(stamp, patchId))
  const found = await find(tx, key)
  if (found !== undefined) return found
  const [added] = await tx.query<{ id: number }>(
    `INSERT INTO sourcestamps (key, codebase, repository, project, branch, revision, patch_id) VALUES ($1, $2, $3, $4, $5, $6, $7)
     ON CONFLICT (key) DO NOTHING RETURNING id`,
    [key, storableText(stamp.codebase), storableText(stamp.repository), storableText(stamp.project), orNull(stamp.branch), orNull(stamp.revision), patchId])
  const id = added?.id ?? await find(tx, key)
  if (id === undefined) throw new Error(`sourcestamp ${key} is neither there nor could it be added: the transaction must run at READ COMMITTED`)
  return id
}

/** The same text sent again is kept once. */
async function findOrAddPatch(tx: Transaction, patch: Patch | StoredPatch): Promise<number> {
  if ('id' in patch) return patch.id
  const [subdir, body, author, comment] = [patch.subdir, patch.body, patch.author, patch.comment].map(storableText)
  const key = digest(JSON.stringify([patch.level, subdir, body, author, comment]))
  const [added] = await tx.query<{ id: number }>(
    'INSERT INTO patches (key, level, subdir, body, author, comment) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (key) DO NOTHING RETURNING id', [key, patch.level, subdir, body, author, comment])
  if (added) return added.id
  const [known] = await tx.query<{ id: number }>('SELECT id FROM patches WHERE key = $1', [key])
  if (!known) throw new Error(`patch ${key} is neither there nor could it be added: the transaction must run at READ COMMITTED`)
  return known.id
}

const digest = (text: string) => createHash('sha256').update(text).digest('hex')

async function find(tx: Transaction, key: string): Promise<number | undefined> {
  const [row] = await tx.query<{ id: number }>('SELECT id FROM sourcestamps WHERE key = $1', [key])
  return row?.id
}

function orNull(text: string | null): string | null {
  return text === null ? null : storableText(text)
}
