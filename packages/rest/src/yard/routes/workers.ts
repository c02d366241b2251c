import { z } from 'zod'
import { idOrName, route } from '../route.js'
import { workerActionRequest, yardWorkerAnswer, yardWorkersAnswer, type WorkerAction } from '../worker.js'

const params = z.object({ worker: idOrName })

const act = <Name extends WorkerAction>(action: Name, name: string, summary: string) => route({
  name, method: 'post', path: `/workers/{worker}/${action}`, tag: 'workers', summary, params, body: workerActionRequest, answer: yardWorkerAnswer, action: { thing: 'workers', action },
})

export const workerRoutes = {
  list: route({ name: 'listWorkers', path: '/workers', tag: 'workers', summary: 'Workers with all that there is to know of them', description: 'Those that a configuration names, by name.', answer: yardWorkersAnswer }),
  one: route({ name: 'getWorker', path: '/workers/{worker}', tag: 'workers', summary: 'A worker', params, answer: yardWorkerAnswer }),
  pause: act('pause', 'pauseWorker', 'Gives a worker no further builds until it is unpaused'),
  unpause: act('unpause', 'unpauseWorker', 'Gives a worker builds again'),
  stop: act('stop', 'stopWorker', 'Has a worker end once it is idle'),
  kill: act('kill', 'killWorker', 'Ends a worker at once: its builds are built again elsewhere'),
  unquarantine: act('unquarantine', 'unquarantineWorker', 'Forgets what a worker did wrong'),
}
