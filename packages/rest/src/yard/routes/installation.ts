import { z } from 'zod'
import { locksAnswer } from '../lock.js'
import { drainRequest, replicaAnswer, replicasAnswer } from '../replica.js'
import { flag, route, rowId } from '../route.js'

const params = z.object({ replica: rowId })

export const indexRoute = route({
  name: 'getIndex', path: '/', tag: 'installation', summary: 'What there is', answer: z.object({ rootlinks: z.array(z.object({ name: z.string() })) }),
})

export const lockRoutes = {
  list: route({ name: 'listLocks', path: '/locks', tag: 'installation', summary: 'Every lock in use: who holds it, who waits for it', answer: locksAnswer }),
}

export const replicaRoutes = {
  list: route({
    name: 'listReplicas', path: '/replicas', tag: 'installation', summary: 'Every process of every role', description: 'The living ones; with `all` also the last 200 that have ended.',
    query: z.strictObject({ all: flag }).partial(), answer: replicasAnswer,
  }),
  one: route({ name: 'getReplica', path: '/replicas/{replica}', tag: 'installation', summary: 'A process', params, answer: replicaAnswer }),
  drain: route({
    name: 'drainReplica', method: 'post', path: '/replicas/{replica}/drain', tag: 'installation', summary: 'Has an engine hand over or finish its builds, and end', params, body: drainRequest, answer: replicaAnswer, status: 202,
    errors: { 409: 'It is no engine, or it has ended.' }, action: { thing: 'replicas', action: 'drain' },
  }),
  cancelDrain: route({
    name: 'cancelDrain', method: 'delete', path: '/replicas/{replica}/drain', tag: 'installation', summary: 'Has an engine go on that was to drain', params, answer: replicaAnswer,
    errors: { 409: 'It does not drain, or is ending already.' }, action: { thing: 'replicas', action: 'cancelDrain' },
  }),
}
