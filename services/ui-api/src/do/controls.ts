import { cancelBuildRequest } from './cancel-request.js'
import type { Control } from './control.js'
import { enable } from './enable-scheduler.js'
import { force } from './force.js'
import { pause, stopWorkerGracefully, unpause } from './pause-worker.js'
import { rebuild } from './rebuild.js'
import { setRequestPriority } from './set-priority.js'
import { stopBuild } from './stop-build.js'

/** Path of a thing -> what can be done to it. */
export const controls: { path: string; actions: { [method: string]: Control } }[] = [
  { path: '/forceschedulers/:scheduler', actions: { force } },
  { path: '/builds/:buildid', actions: { stop: stopBuild, rebuild } },
  { path: '/builders/:builder/builds/:number', actions: { stop: stopBuild, rebuild } },
  { path: '/buildrequests/:buildrequestid', actions: { cancel: cancelBuildRequest, set_priority: setRequestPriority } },
  { path: '/workers/:worker', actions: { stop: stopWorkerGracefully, pause, unpause } },
  { path: '/schedulers/:schedulerid', actions: { enable } },
]
