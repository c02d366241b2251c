import { startReplica } from '@yardmaster/replica'
import { systemClock, systemRandom } from '@yardmaster/runtime'
import { fileURLToPath } from 'node:url'
import { rulesAccess } from './access/rules-access.js'
import { warningOf } from './access/warning-of.js'
import { startHttpServer } from './http/server.js'
import { sweepOldAudit } from './loops/sweep-audit.js'
import { sweepOldSignIns } from './loops/sweep-sign-ins.js'

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
    const webFolder = fileURLToPath(new URL('../../../packages/web/dist', import.meta.url))
    const activeGeneration = () => generations.active()
    const activeGenerations = () => generations.everyActive()
    const server = await startHttpServer({ db, events: bus, activeGeneration, activeGenerations, access: rulesAccess({ db, activeGeneration, activeGenerations }), secrets, logger, clock, random, settings, version, webFolder }, { host, port })
    onStop('http', () => server.close())
    loop({ name: 'sweep sign-ins', everyMs: 5_000, run: sweepOldSignIns({ db, clock }) })
    loop({ name: 'sweep audit', everyMs: 5_000, run: sweepOldAudit({ db, clock }) })
    const warning = warningOf(activeGeneration()?.configuration.www.auth, { host, baseUrl: settings.baseUrl })
    if (warning !== null) logger.warn({ host }, warning)
    logger.info({ host, port: server.port }, 'serving')
  },
})
