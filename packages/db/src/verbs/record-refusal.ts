import { storableText } from '../storable.js'
import type { Transaction } from '../transaction.js'
import type { ControlRecord } from './record-control.js'

/** Of one address in an hour: who tries everything is known by then. */
const MOST_AN_HOUR = 200

/** Keeps that somebody wanted to do what they may not. */
export async function recordRefusal(tx: Transaction, { actor, action, thing, thingId, from: { username, via, address }, note }: Omit<ControlRecord, 'parameters'> & { from: NonNullable<ControlRecord['from']>; note: string }): Promise<void> {
  await tx.execute(
    `INSERT INTO control_actions (actor, action, thing, thing_id, username, via, address, outcome, note)
     SELECT $1::text, $2::text, $3::text, $4::bigint, $5::text, $6::text, $7::text, 'refused', $8::text
     WHERE (SELECT count(*) FROM control_actions WHERE outcome = 'refused' AND address = $7 AND at > now() - interval '1 hour') < ${MOST_AN_HOUR}`,
    [actor, action, thing, thingId, username, via, address, storableText(note).slice(0, 1_000)])
}
