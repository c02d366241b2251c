import { z } from 'zod'
import { poolActionRequest, poolAnswer, poolsAnswer, type PoolAction } from '../pool.js'
import { idOrName, route } from '../route.js'

const params = z.object({ pool: idOrName })

const act = <Name extends PoolAction>(action: Name, name: string, summary: string) => route({
  name, method: 'post', path: `/pools/{pool}/${action}`, tag: 'workers', summary, params, body: poolActionRequest, answer: poolAnswer, action: { thing: 'worker_pools', action },
})

export const poolRoutes = {
  list: route({ name: 'listPools', path: '/pools', tag: 'workers', summary: 'Pools of machines', description: 'Those that a configuration names, and those that still have machines.', answer: poolsAnswer }),
  one: route({ name: 'getPool', path: '/pools/{pool}', tag: 'workers', summary: 'A pool of machines', params, answer: poolAnswer }),
  pause: act('pause', 'pausePool', 'Has a pool start no machines until it is resumed'),
  resume: act('resume', 'resumePool', 'Lets a pool start machines again'),
  'clear-alert': act('clear-alert', 'clearPoolAlert', 'Lets a pool start machines again that failed for good: somebody has looked'),
}
