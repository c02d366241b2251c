import type { GeneratorConfig, ReporterConfig } from '@yardmaster/domain'
import { createLogger } from '@yardmaster/runtime'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { aConfiguration, anInstallation, type Installation } from '../../../../test/kit/installation.js'
import { planReports } from './plan-reports.js'

const generator: GeneratorConfig = { kind: 'workerMissing', mode: [], builders: null, tags: null, schedulers: null, branches: null, workers: null, reportNew: false, addLogs: false, addPatch: false, formatter: null, startFormatter: null }
const reporter: ReporterConfig = { name: 'hook', kind: 'httpStatus', generators: [generator], onUnknown: 'retry', deadline: null, options: { serverUrl: 'http://127.0.0.1:1/' } }

let world: Installation
beforeAll(async () => { world = await anInstallation(aConfiguration({ reporters: [reporter] })) })
afterAll(() => world?.close())

test('a commit of which nothing can be made keeps none behind it from being told, in their order', async () => {
  const { db, generationId, configuration, replicaId } = world
  const { rows: [worker] } = await db.pool.query<{ id: number }>('SELECT id FROM workers')
  for (const id of [worker!.id, 'nonsense', worker!.id]) await db.pool.query(`INSERT INTO report_feed (set_name, facts) VALUES ('main', $1)`, [JSON.stringify([{ type: 'worker.missing', id, version: 1, project: null }])])
  const plan = planReports({
    db, logger: createLogger({ name: 'test', level: 'silent' }), baseUrl: 'http://yard/', set: 'main', fence: { replicaId }, holdsDuty: () => Promise.resolve(true),
    active: () => ({ id: generationId, configuration, threads: {} as never }),
  })
  expect(await plan(new AbortController().signal)).toEqual({ again: false })
  expect((await db.pool.query('SELECT event, worker_id FROM notifications ORDER BY id')).rows).toEqual([{ event: 'worker.missing', worker_id: worker!.id }, { event: 'worker.missing', worker_id: worker!.id }])
  expect((await db.pool.query(`SELECT facts->0->>'id' AS id FROM report_feed`)).rows).toEqual([{ id: 'nonsense' }])
  expect(await plan(new AbortController().signal)).toEqual({ again: false })
})
