import { storableText } from '../storable.js'
import type { Transaction } from '../transaction.js'

/** `free` failures cost nothing; from then on each one doubles the wait, up to a quarter of an hour. */
export type SignInSubject = { subject: string; free: number }

/** After that long without a failure, what was before is forgotten. */
const FORGOTTEN = "interval '1 hour'"
const LONGEST_SECONDS = 900

/**
 * Counts a try before its password is looked at, as if it had failed, so that any number of tries at the same time get no further than one after
 * the other. Returns 0, or the seconds for which no try is allowed; then it was not counted.
 */
export async function countSignIn(tx: Transaction, subjects: readonly SignInSubject[]): Promise<number> {
  const inOrder = [...subjects].sort((a, b) => (a.subject < b.subject ? -1 : 1)).map(({ subject, free }) => ({ subject: storableText(subject), free }))
  // Who is held leaves no rows behind, whatever names he tries.
  const [still] = await tx.query<{ seconds: number | null }>('SELECT max(extract(epoch FROM held_until - now()))::float8 AS seconds FROM sign_in_failures WHERE subject = ANY($1)', [inOrder.map(({ subject }) => subject)])
  if (still?.seconds != null && still.seconds > 0) return Math.ceil(still.seconds)
  // Also of what was never tried the row comes first: else all that try at the same time would find that nobody has.
  for (const { subject } of inOrder) await tx.execute("INSERT INTO sign_in_failures (subject, failures, held_until, last_at) VALUES ($1, 0, 'epoch', now()) ON CONFLICT DO NOTHING", [subject])
  const [held] = await tx.query<{ seconds: number | null }>(
    `SELECT max(extract(epoch FROM held_until - now()))::float8 AS seconds FROM (SELECT held_until FROM sign_in_failures WHERE subject = ANY($1) ORDER BY subject FOR UPDATE) f`, [inOrder.map(({ subject }) => subject)])
  if (held?.seconds != null && held.seconds > 0) return Math.ceil(held.seconds)
  for (const { subject, free } of inOrder) await tx.execute(
    `UPDATE sign_in_failures f SET last_at = now(), failures = CASE WHEN f.last_at < now() - ${FORGOTTEN} THEN 1 ELSE f.failures + 1 END,
       held_until = CASE WHEN f.last_at < now() - ${FORGOTTEN} OR f.failures + 1 <= $2 THEN 'epoch'::timestamptz ELSE now() + make_interval(secs => least(power(2, least(f.failures - $2, 20)), ${LONGEST_SECONDS})) END
     WHERE subject = $1`,
    [subject, free])
  return 0
}

/** It was the right password: the name's tries are forgotten, of the address this one. */
export async function forgiveSignIn(tx: Transaction, { forgotten, lessened }: { forgotten: string; lessened: string }): Promise<void> {
  await tx.execute('UPDATE sign_in_failures SET failures = failures - 1 WHERE subject = $1 AND failures > 0', [storableText(lessened)])
  await tx.execute('DELETE FROM sign_in_failures WHERE subject = $1', [storableText(forgotten)])
}
