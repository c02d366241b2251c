import { createHash } from 'node:crypto'
import { sourceStampKey, type Patch, type SourceStampData, type StoredPatch } from '@yardmaster/domain'
import { storableText } from '../storable.js'
import type { Transaction } from '../transaction.js'

/** Equal sourcestamps are one row, also when two transactions meet one for the first time together. Returns its id. */
export async function findOrAddSourcestamp(tx: Transaction, stamp: SourceStampData): Promise<number> {
  const [id] = await findOrAddSourcestamps(tx, [stamp])
  return id!
}

type Keyed = SourceStampData & { key: string; patchId: number | null }

/** The same of several at once: an id for each, in their order. */
export async function findOrAddSourcestamps(tx: Transaction, stamps: SourceStampData[]): Promise<number[]> {
  if (stamps.length === 0) return []
  const keyed: Keyed[] = []
  for (const stamp of stamps) {
    const patchId = stamp.patch ? await findOrAddPatch(tx, stamp.patch) : null
    // A digest, because an index entry has a size limit and a branch's name has none.
    keyed.push({ ...stamp, patchId, key: digest(sourceStampKey(stamp, patchId)) })
  }
  const byKey = new Map(keyed.map(stamp => [stamp.key, stamp]))
  const ids = await find(tx, [...byKey.keys()])
  const missing = () => [...byKey.values()].filter(({ key }) => !ids.has(key))
  if (missing().length > 0) for (const [key, id] of await add(tx, missing())) ids.set(key, id)
  // Another transaction was faster, and has committed.
  if (missing().length > 0) for (const [key, id] of await find(tx, missing().map(({ key }) => key))) ids.set(key, id)
  return keyed.map(({ key }) => {
    const id = ids.get(key)
    if (id === undefined) throw new Error(`sourcestamp ${key} is neither there nor could it be added: the transaction must run at READ COMMITTED`)
    return id
  })
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

type Found = { id: number; key: string }
const byKeys = (rows: Found[]) => new Map(rows.map(({ key, id }) => [key, id]))

async function find(tx: Transaction, keys: string[]): Promise<Map<string, number>> {
  return byKeys(await tx.query<Found>('SELECT id, key FROM sourcestamps WHERE key = ANY($1)', [keys]))
}

/** In the order of their keys, so that two that add the same ones close no circle. */
async function add(tx: Transaction, stamps: Keyed[]): Promise<Map<string, number>> {
  const texts = (of: (stamp: Keyed) => string | null) => stamps.map(stamp => orNull(of(stamp)))
  return byKeys(await tx.query<Found>(
    `INSERT INTO sourcestamps (key, codebase, repository, project, branch, revision, patch_id)
     SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[]) AS n(key) ORDER BY key
     ON CONFLICT (key) DO NOTHING RETURNING id, key`,
    [texts(stamp => stamp.key), texts(stamp => stamp.codebase), texts(stamp => stamp.repository), texts(stamp => stamp.project), texts(stamp => stamp.branch), texts(stamp => stamp.revision), stamps.map(({ patchId }) => patchId)]))
}

function orNull(text: string | null): string | null {
  return text === null ? null : storableText(text)
}
