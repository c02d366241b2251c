import { EXCEPTION, mergeProperties, propertiesFrom, type Properties } from '@yardmaster/domain'
import { storableJson, storableText } from '../storable.js'
import type { Transaction } from '../transaction.js'
import { finishBuilds } from './finish-builds.js'

export type Unbuildable = {
  requestId: number
  /** The slot under whose name it is shown. */
  workerId: number
  /** Whose configuration makes it so. */
  generationId: number
  /** For people. */
  reason: string
}

type Asked = { builder_id: number; builder: string; buildset_id: number; project_id: number | null; project: string | null; worker: string; properties: Properties }

/** Buildbot's name of what comes before the first step. */
const STEP = 'worker_preparation'

/**
 * No machine can be made for this request as the configuration is: waiting would not help. It ends once, with a build that ends EXCEPTION and says why, since builds are what people
 * look at. Returns the build; null when the request is not pending (any more).
 */
export async function endUnbuildable(tx: Transaction, { requestId, workerId, generationId, reason }: Unbuildable): Promise<number | null> {
  const why = storableText(reason).slice(0, 1000)
  await tx.execute('SELECT 1 FROM worker_sessions WHERE worker_id = $1 FOR SHARE', [workerId])
  const [asked] = await tx.query<Asked>(
    `SELECT r.builder_id, b.name AS builder, r.buildset_id, r.project_id, p.name AS project, w.name AS worker, CASE WHEN r.properties IS NULL THEN s.properties ELSE s.properties || r.properties END AS properties FROM build_requests r JOIN builders b ON b.id = r.builder_id
     JOIN buildsets s ON s.id = r.buildset_id LEFT JOIN projects p ON p.id = r.project_id JOIN workers w ON w.id = $2 WHERE r.id = $1 AND r.state = 'pending' AND r.hold IS NULL`, [requestId, workerId])
  if (!asked) return null
  await tx.execute('SELECT 1 FROM buildsets WHERE id = $1 FOR UPDATE', [asked.buildset_id])
  const [request] = await tx.query<{ version: number }>(
    `UPDATE build_requests SET state = 'claimed', claimed_at = now(), waits_for = NULL, not_before = NULL, version = version + 1 WHERE id = $1 AND state = 'pending' RETURNING version`, [requestId])
  if (!request) return null
  const [{ number }] = await tx.query<{ number: number }>('UPDATE builders SET next_number = next_number + 1 WHERE id = $1 RETURNING next_number - 1 AS number', [asked.builder_id]) as [{ number: number }]
  const [build] = await tx.query<{ id: number; version: number }>(
    `INSERT INTO builds (builder_id, number, project_id, build_request_id, worker_id, generation_id, properties, state_string) VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb, $8) RETURNING id, version`,
    [asked.builder_id, number, asked.project_id, requestId, workerId, generationId, storableJson(propertiesOf(asked, number)), why]) as [{ id: number; version: number }]
  const { project, builder_id: builder, buildset_id: buildset } = asked
  tx.publish({ type: 'buildrequest.claimed', id: requestId, version: request.version, project, parents: { builder, buildset } })
  tx.publish({ type: 'build.new', id: build.id, version: build.version, project, parents: { builder, number, worker: workerId, buildset } })
  await preparationStep(tx, { build: build.id, project, why })
  await finishBuilds(tx, [{ buildId: build.id, results: EXCEPTION, stateString: why }])
  return build.id
}

function propertiesOf({ builder, builder_id: builderId, worker, properties }: Asked, number: number): Properties {
  return mergeProperties(properties, propertiesFrom({ buildername: builder, builderid: builderId }, 'Builder'), propertiesFrom({ workername: worker }, 'Worker'), propertiesFrom({ buildnumber: number }, 'Build'))
}

async function preparationStep(tx: Transaction, { build, project, why }: { build: number; project: string | null; why: string }): Promise<void> {
  const [step] = await tx.query<{ id: number; version: number }>(
    `INSERT INTO steps (build_id, number, name, state_string, started_at, complete_at, results) VALUES ($1, 0, $2, $3, now(), now(), $4) RETURNING id, version`, [build, STEP, why, EXCEPTION])
  tx.publish({ type: 'step.new', ...step!, project, parents: { build, number: 0 } }, { type: 'step.finished', ...step!, project, parents: { build, number: 0 } })
}
