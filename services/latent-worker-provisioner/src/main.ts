import { startReplica } from '@yardmaster/replica'
import { systemClock, systemRandom } from '@yardmaster/runtime'
import { startProvisioner } from './start-provisioner.js'

startReplica({
  role: 'latent-worker-provisioner',
  version: '0.1.0',
  env: process.env,
  clock: systemClock(),
  random: systemRandom(),
  bringsConfiguration: false,
  start(replica) {
    startProvisioner(replica)
    return Promise.resolve()
  },
})
