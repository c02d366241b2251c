import { startReplica } from '@yardmaster/replica'
import { systemClock, systemRandom } from '@yardmaster/runtime'
import { fileURLToPath } from 'node:url'
import { rulesAccess } from './access/rules-access.js'
import { isLoopback } from './http/own-host.js'
import { startHttpServer } from './http/server.js'
import { sweepOldAudit } from './loops/sweep-audit.js'

const version = '0.1.0'

startReplica({
  role: 'ui-api',
  version,
  env: process.env,
  clock: systemClock(),
  random: systemRandom(),
  bringsConfiguration: true,
  async start({ db, bus, generations, secrets, logger, clock, random, settings, loop, onStop }) {
    const { host, port } = settings
    if (!isLoopback(host)) logger.warn({ host }, 'there is no sign-in yet: whoever reaches this address may see everything and start and stop builds')
    const webFolder = fileURLToPath(new URL('../../../packages/web/dist', import.meta.url))
    const activeGeneration = () => generations.active()
    const activeGenerations = () => generations.everyActive()
    const server = await startHttpServer({ db, events: bus, activeGeneration, activeGenerations, access: rulesAccess({ db, activeGeneration, activeGenerations }), secrets, logger, clock, random, settings, version, webFolder }, { host, port })
    onStop('http', () => server.close())
    loop({ name: 'sweep audit', everyMs: 5_000, run: sweepOldAudit({ db, clock }) })
    logger.info({ host, port: server.port }, 'serving')
  },
})
