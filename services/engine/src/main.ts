import { startReplica } from '@yardmaster/replica'
import { systemClock, systemRandom } from '@yardmaster/runtime'
import { startEngine } from './start-engine.js'

startReplica({ role: 'engine', version: '0.1.0', env: process.env, clock: systemClock(), random: systemRandom(), bringsConfiguration: true, start: startEngine })
