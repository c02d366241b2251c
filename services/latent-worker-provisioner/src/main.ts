import { startReplica } from '@yardmaster/replica'
import { systemClock, systemRandom } from '@yardmaster/runtime'
import { provision } from './loops/provision.js'

const SWEEP_MS = 5_000

startReplica({
  role: 'latent-worker-provisioner',
  version: '0.1.0',
  env: process.env,
  clock: systemClock(),
  random: systemRandom(),
  bringsConfiguration: false,
  start(replica) {
    const { logger, generations } = replica
    const loop = replica.loop({ name: 'provision', everyMs: SWEEP_MS, run: provision({ logger, active: generations.active, holdsDuty: () => replica.duty(`provision.${replica.settings.set}`) }) })
    generations.onChange(() => loop.notify())
    return Promise.resolve()
  },
})
