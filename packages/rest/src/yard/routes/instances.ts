import { z } from 'zod'
import { instanceAnswer, instancesAnswer, instanceStates, stopInstanceRequest } from '../instance.js'
import { flag, limit, route, rowId, searched, wholeNumber } from '../route.js'

const params = z.object({ instance: rowId })

export const instanceRoutes = {
  list: route({
    name: 'listInstances', path: '/instances', tag: 'workers', summary: 'Machines of latent workers: those that are there, and those that were', description: 'The newest first.',
    query: z.strictObject({ pool: searched, worker: searched, state: z.array(z.enum(instanceStates)), open: flag, before: wholeNumber, limit }).partial(), answer: instancesAnswer,
  }),
  one: route({ name: 'getInstance', path: '/instances/{instance}', tag: 'workers', summary: 'A machine, with its builds', params, answer: instanceAnswer }),
  stop: route({
    name: 'stopInstance', method: 'post', path: '/instances/{instance}/stop', tag: 'workers', summary: 'Has a machine removed', params, body: stopInstanceRequest, answer: instanceAnswer,
    action: { thing: 'instances', action: 'stop' },
  }),
}
