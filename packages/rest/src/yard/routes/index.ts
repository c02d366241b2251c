import type { Route } from '../route.js'
import { accessRoutes, auditRoutes, tokenRoutes } from './access.js'
import { artifactRoutes } from './artifacts.js'
import { buildrequestRoutes } from './buildrequests.js'
import { buildRoutes } from './builds.js'
import { changeSourceRoutes } from './change-sources.js'
import { aboutRoute, generationRoutes, planRoute, reloadRoutes, tryRoutes } from './configuration.js'
import { deliveryRoutes } from './deliveries.js'
import { explainRoutes } from './explain.js'
import { indexRoute, lockRoutes, replicaRoutes } from './installation.js'
import { instanceRoutes } from './instances.js'
import { listRoutes } from './lists.js'
import { notificationRoutes } from './notifications.js'
import { poolRoutes } from './pools.js'
import { schedulerRoutes } from './schedulers.js'
import { workerRoutes } from './workers.js'

/** Every route of `/api/yard/v1`, by what it is about. */
export const routes = {
  about: { show: aboutRoute }, generations: generationRoutes, reloads: reloadRoutes,
  index: { show: indexRoute }, artifacts: artifactRoutes, access: accessRoutes, audit: auditRoutes, tokens: tokenRoutes, buildrequests: buildrequestRoutes, builds: buildRoutes, changeSources: changeSourceRoutes, deliveries: deliveryRoutes, explain: explainRoutes, instances: instanceRoutes,
  lists: listRoutes, locks: lockRoutes, notifications: notificationRoutes, plan: { plan: planRoute }, pools: poolRoutes, replicas: replicaRoutes, schedulers: schedulerRoutes, try: tryRoutes, workers: workerRoutes,
}

export const allRoutes: readonly Route[] = Object.values(routes).flatMap(group => Object.values<Route>(group))
