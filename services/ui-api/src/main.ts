import { startReplica } from '@yardmaster/replica'
import { systemClock, systemRandom } from '@yardmaster/runtime'
import { fileURLToPath } from 'node:url'
import { startHttpServer } from './http/server.js'

const version = '0.1.0'
const loopback = ['127.0.0.1', '::1', 'localhost']

startReplica({
  role: 'ui-api',
  version,
  env: process.env,
  clock: systemClock(),
  random: systemRandom(),
  bringsConfiguration: true,
  async start({ db, bus, generations, secrets, logger, clock, random, settings, onStop }) {
    const { host, port } = settings
    if (!loopback.includes(host)) logger.warn({ host }, 'there is no sign-in yet: whoever reaches this address may see everything and start and stop builds')
    const webFolder = fileURLToPath(new URL('../../../packages/web/dist', import.meta.url))
    const activeGeneration = () => generations.active()
    const server = await startHttpServer({ db, events: bus, activeGeneration, secrets, logger, clock, random, settings, version, webFolder }, { host, port })
    onStop('http', () => server.close())
    logger.info({ host, port: server.port }, 'serving')
  },
})
