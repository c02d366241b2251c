import { mayMove, type State, type Thing } from '@yardmaster/domain'
import type { Cluster } from './cluster.js'

/** Where each thing lives, and its state as SQL over a row `r`. */
const things: { [T in Thing]: { table: string; state: string } } = {
  replica: { table: 'replicas', state: 'r.state' },
  session: { table: 'worker_sessions', state: `CASE WHEN r.connected THEN 'connected' ELSE 'disconnected' END` },
  change: { table: 'changes', state: `CASE WHEN r.dispatched_at IS NULL THEN 'new' ELSE 'dispatched' END` },
  buildrequest: { table: 'build_requests', state: 'r.state' },
  buildset: { table: 'buildsets', state: `CASE WHEN r.complete_at IS NULL THEN 'incomplete' ELSE 'complete' END` },
  build: { table: 'builds', state: `CASE WHEN r.complete_at IS NULL THEN 'running' ELSE 'complete' END` },
  step: { table: 'steps', state: `CASE WHEN r.complete_at IS NOT NULL THEN 'complete' WHEN r.started_at IS NOT NULL THEN 'running' ELSE 'pending' END` },
  log: { table: 'logs', state: `CASE WHEN r.complete THEN 'complete' ELSE 'open' END` },
}

/** From now on the database itself writes down which state goes to which, whoever changes it. */
export async function watchTransitions(cluster: Cluster): Promise<void> {
  await cluster.rows('CREATE TABLE seen_transitions (thing text, before text, after text, PRIMARY KEY (thing, before, after))')
  for (const [thing, { table, state }] of Object.entries(things)) {
    // In brackets: plpgsql would end its IF at the first THEN of a CASE.
    const of = (row: string) => `(${state.replaceAll('r.', `${row}.`)})`
    await cluster.rows(`CREATE FUNCTION see_${table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF ${of('OLD')} <> ${of('NEW')} THEN INSERT INTO seen_transitions VALUES ('${thing}', ${of('OLD')}, ${of('NEW')}) ON CONFLICT DO NOTHING; END IF;
      RETURN NULL; END $$`)
    await cluster.rows(`CREATE TRIGGER see AFTER UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION see_${table}()`)
  }
}

export type SeenTransition = { thing: Thing; before: string; after: string }

/** What was seen, and of that what the state tables do not know. */
export async function seenTransitions(cluster: Cluster): Promise<{ seen: SeenTransition[]; unknown: SeenTransition[] }> {
  const seen = await cluster.rows<SeenTransition>('SELECT thing, before, after FROM seen_transitions ORDER BY 1, 2, 3')
  return { seen, unknown: seen.filter(({ thing, before, after }) => !mayMove(thing, before as State<Thing>, after as State<Thing>)) }
}
