import type { Thing } from '../access/access.js'
import { buildId, numberIn, workerId, type PathParams } from '../http/resources/places.js'
import { sql, type Sql } from '../http/resources/sql.js'
import { cancelBuildRequest } from './cancel-request.js'
import type { Control, PreparedControl } from './control.js'
import { enable } from './enable-scheduler.js'
import { force } from './force.js'
import { kill, pause, stopWorkerGracefully, unpause } from './pause-worker.js'
import { rebuild } from './rebuild.js'
import { setRequestPriority } from './set-priority.js'
import { stopBuild } from './stop-build.js'

/** Things that can be controlled: where, which row the path names, and what can be done to it. */
export type Controlled = { path: string; thing: Thing; id(params: PathParams): Sql; actions: { [method: string]: Control | PreparedControl }; /** Of its body (1mb). */ limit?: string }

const ofBuild = { thing: 'builds', id: buildId, actions: { stop: stopBuild, rebuild } } as const

export const controls: Controlled[] = [
  { path: '/forceschedulers/:scheduler', thing: 'schedulers', id: ({ scheduler }) => sql`(SELECT id FROM schedulers WHERE name = ${scheduler})`, actions: { force }, limit: '24mb' },
  { path: '/builds/:buildid', ...ofBuild },
  { path: '/builders/:builder/builds/:number', ...ofBuild },
  { path: '/buildrequests/:buildrequestid', thing: 'build_requests', id: params => sql`${numberIn(params, 'buildrequestid')}`, actions: { cancel: cancelBuildRequest, set_priority: setRequestPriority } },
  { path: '/workers/:worker', thing: 'workers', id: workerId, actions: { stop: stopWorkerGracefully, kill, pause, unpause } },
  { path: '/schedulers/:schedulerid', thing: 'schedulers', id: params => sql`${numberIn(params, 'schedulerid')}`, actions: { enable } },
]
