import { expect, test } from 'vitest'
import { until } from '../../../../test/kit/until.js'
import { begun, configured, end, ended, rows, started, world } from '../testing/step-world.js'

test('a build that ended while its rows were being read is not driven again', async () => {
  await configured(`steps.shell({ name: 's', command: 'x' })`)
  const { engine, worker } = await begun()
  const command = (await started(worker))[0]!
  const [session] = engine.pool.sessions()
  const { id } = (await rows<{ id: number }>('SELECT id FROM builds'))[0]!
  // As if this engine did not know yet of the build that its claim has made.
  await engine.runs.abandon(session!)
  const journal = heldBack('FROM effects')
  const late = engine.runs.adopt(session!, [id])
  await until('the journal to be asked for', () => journal.asked)
  await engine.runs.adopt(session!, [id])
  end(worker, command)
  await ended()
  journal.release()
  await late
  expect(engine.runs.byId(id)).toBeUndefined()
})

/** The first query with this text is answered when the test says so. */
function heldBack(text: string): { readonly asked: boolean; release: () => void } {
  const pool = world.db.pool as { query: (sql: string, parameters?: unknown[]) => Promise<unknown> }
  const query = pool.query.bind(pool)
  let [asked, release] = [false, (): void => undefined]
  const released = new Promise<void>(resolve => { release = resolve })
  pool.query = async (sql, parameters) => {
    const first = !asked && sql.includes(text)
    asked ||= first
    if (first) await released
    return query(sql, parameters)
  }
  return { get asked() { return asked }, release }
}
