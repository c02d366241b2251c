import { conflict, notFound } from '../api-error.js'
import { fieldsOf, labels, meetsLabels, requiredText, text, unwrap, type Fields } from '../fields.js'
import { uuidOf } from '../seeded-random.js'
import type { Router } from '../world.js'
import { created, noContent, ok, param, type Answer, type Call } from './call.js'
import { labelList } from './views.js'

const known = ['name', 'labels', 'static_routes']

const attached = ({ world }: Call, uuid: string) => [...world.networks.values()].filter(({ router }) => router === uuid)

const view = (call: Call, router: Router) => ({
  attached_network_gateways: [], attached_networks: { network: attached(call, router.uuid).map(({ uuid }) => ({ uuid })) }, labels: labelList(router.labels), name: router.name,
  static_routes: router.staticRoutes, type: router.type, uuid: router.uuid,
})

function routerFor({ world, account, params }: Call): Router {
  const router = world.routers.get(params['uuid'] ?? '')
  if (!router || router.owner !== account.main) throw notFound('router', params['uuid'] ?? '')
  return router
}

function staticRoutes(fields: Fields): Router['staticRoutes'] | undefined {
  const list = fields['static_routes']
  if (!Array.isArray(list)) return undefined
  return list.map((item, index) => {
    const route = fieldsOf(item, 'static_routes')
    return { name: text(route, 'name') ?? `static_route_${index}`, route: requiredText(route, 'route'), nexthop: requiredText(route, 'nexthop') }
  })
}

export const listRouters = (call: Call): Answer => ok({
  routers: { router: [...call.world.routers.values()].filter(one => one.owner === call.account.main && meetsLabels(one.labels, call.query.getAll('label'))).map(one => view(call, one)) },
})

export const getRouter = (call: Call): Answer => ok({ router: view(call, routerFor(call)) })

export function createRouter(call: Call): Answer {
  const fields = unwrap(call.body, 'router', known)
  const router: Router = {
    uuid: uuidOf('router', call.world.random), owner: call.account.main, name: requiredText(fields, 'name'), type: 'normal', labels: labels(fields, 'bare') ?? [], staticRoutes: staticRoutes(fields) ?? [],
  }
  call.world.routers.set(router.uuid, router)
  return created({ router: view(call, router) })
}

export function modifyRouter(call: Call): Answer {
  const router = routerFor(call)
  const fields = unwrap(call.body, 'router', known)
  router.name = text(fields, 'name') ?? router.name
  router.labels = labels(fields, 'bare') ?? router.labels
  router.staticRoutes = staticRoutes(fields) ?? router.staticRoutes
  return ok({ router: view(call, router) })
}

export function deleteRouter(call: Call): Answer {
  const router = routerFor(call)
  if (attached(call, param(call, 'uuid')).length > 0) throw conflict('ROUTER_ATTACHED', `The router ${router.uuid} has networks attached to it.`)
  call.world.routers.delete(router.uuid)
  return noContent
}
