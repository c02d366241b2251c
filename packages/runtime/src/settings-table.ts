import { isIP } from 'node:net'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { logLevels } from './logger.js'

/** What the default of a later setting may be made from. */
export type EarlierSettings = { home: string; host: string; port: number }

export type SettingDefinition<T extends z.ZodType = z.ZodType> = {
  env: string
  /** As commander wants it, e.g. `-c, --config <file>`; its long name in camel case is the setting's name. */
  flag: string
  description: string
  /** From the text of the environment or flag to the value. */
  type: T
  default?: string | ((earlier: EarlierSettings) => string)
  /** The value holds credentials: it is shown masked. */
  secret?: boolean
}

const setting = <T extends z.ZodType>(definition: SettingDefinition<T>) => definition

const wholeNumber = (from: number, to: number) =>
  z.string().regex(/^\d+$/, `a whole number from ${from} to ${to}`).transform(Number).refine(n => n >= from && n <= to, `a whole number from ${from} to ${to}`)
const port = wholeNumber(0, 65535)
const list = z.string().optional().transform(text => (text ?? '').split(',').map(item => item.trim()).filter(item => item !== ''))
const path = z.string().transform(text => resolve(text))
const url = (schemes: string[]) => {
  const expected = `a URL that begins with ${schemes.map(scheme => `${scheme}://`).join(' or ')}`
  return z.string().refine(text => schemes.some(scheme => text.startsWith(`${scheme}://`)) && URL.canParse(text.split(',')[0] ?? ''), expected)
}

/** An address, a range of them (10.0.0.0/8), or one of three names of such. */
function isAddressRange(text: string): boolean {
  if (['loopback', 'linklocal', 'uniquelocal'].includes(text)) return true
  const [address = '', bits, ...more] = text.split('/')
  const version = isIP(address)
  return version !== 0 && more.length === 0 && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128)))
}

/** Where a browser or a link reaches a server that listens on `host`. */
function urlOf(host: string, portNumber: number): string {
  const reachable = ['0.0.0.0', '::', ''].includes(host) ? '127.0.0.1' : host
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${portNumber}/`
}

/** Every setting of every process, once. The order matters: a default may use the settings in `EarlierSettings`. */
export const settingsTable = {
  home: setting({ env: 'YARD_HOME', flag: '--home <folder>', description: 'state folder of this machine', type: path, default: './.yard' }),
  host: setting({ env: 'YARD_HOST', flag: '--host <address>', description: 'address that ui-api listens on', type: z.string(), default: '127.0.0.1' }),
  port: setting({ env: 'YARD_PORT', flag: '--port <number>', description: 'port that ui-api listens on', type: port, default: '8010' }),
  workerHost: setting({ env: 'YARD_WORKER_HOST', flag: '--worker-host <address>', description: 'address that an engine listens on for workers; a worker connects to it', type: z.string(), default: '127.0.0.1' }),
  workerPort: setting({ env: 'YARD_WORKER_PORT', flag: '--worker-port <number>', description: 'port that an engine listens on for workers; a worker connects to it', type: port, default: '9989' }),
  databaseUrl: setting({ env: 'DATABASE_URL', flag: '--database-url <url>', description: 'PostgreSQL; `yard up` starts its own when unset', type: url(['postgres', 'postgresql']).optional(), secret: true }),
  natsUrl: setting({ env: 'NATS_URL', flag: '--nats-url <url>', description: 'NATS with JetStream; `yard up` starts its own when unset', type: url(['nats', 'tls']).optional(), secret: true }),
  redisUrl: setting({ env: 'REDIS_URL', flag: '--redis-url <url>', description: 'Redis or Valkey for the job queues; they live in PostgreSQL when unset', type: url(['redis', 'rediss']).optional(), secret: true }),
  config: setting({ env: 'YARD_CONFIG', flag: '-c, --config <file>', description: 'the configuration file', type: path, default: 'yard.config.ts' }),
  set: setting({ env: 'YARD_SET', flag: '--set <name>', description: 'name of the configuration set that the file defines', type: z.string().regex(/^[\w.-]{1,100}$/, 'letters, digits, dots, dashes and underscores, at most 100'), default: 'main' }),
  logLevel: setting({ env: 'YARD_LOG_LEVEL', flag: '--log-level <level>', description: `one of ${logLevels.join(', ')}`, type: z.enum(logLevels, `one of ${logLevels.join(', ')}`), default: 'info' }),
  healthPort: setting({ env: 'YARD_HEALTH_PORT', flag: '--health-port <number>', description: 'port for /healthz, /readyz and /metrics; none when unset', type: port.optional() }),
  healthHost: setting({ env: 'YARD_HEALTH_HOST', flag: '--health-host <address>', description: 'address for /healthz, /readyz and /metrics', type: z.string(), default: '127.0.0.1' }),
  baseUrl: setting({ env: 'YARD_BASE_URL', flag: '--base-url <url>', description: 'public address of the web page, for links', type: url(['http', 'https']).transform(text => (text.endsWith('/') ? text : `${text}/`)), default: ({ host, port: portNumber }) => urlOf(host, portNumber) }),
  trustedProxies: setting({ env: 'YARD_TRUSTED_PROXIES', flag: '--trusted-proxies <addresses>', description: 'proxies in front of ui-api whose `X-Forwarded-For` says who asks, and whose headers may sign in: addresses, ranges as 10.0.0.0/8, `loopback`, `linklocal`, `uniquelocal`, separated by commas; when unset, loopback for addresses alone', type: list.refine(ranges => ranges.every(isAddressRange), 'addresses, ranges as 10.0.0.0/8, loopback, linklocal or uniquelocal, separated by commas') }),
  dbConnections: setting({ env: 'YARD_DB_CONNECTIONS', flag: '--db-connections <number>', description: 'most connections of one process to PostgreSQL', type: wholeNumber(3, 1000), default: '10' }),
  workerLostAfter: setting({ env: 'YARD_WORKER_LOST_AFTER', flag: '--worker-lost-after <seconds>', description: 'seconds of silence after which a worker counts as lost', type: wholeNumber(5, 86_400), default: '60' }),
  workerUrl: setting({ env: 'YARD_WORKER_URL', flag: '--worker-url <url>', description: 'where workers reach this engine: told to machines that are started on demand, and to workers that another engine cannot use', type: url(['ws', 'wss']).optional() }),
  onlyBuilders: setting({ env: 'YARD_BUILDERS', flag: '--only-builders <names>', description: 'an engine serves these builders only: names with * and ?, separated by commas', type: list }),
  onlyWorkerLabels: setting({ env: 'YARD_WORKER_LABELS', flag: '--only-worker-labels <labels>', description: 'an engine takes only workers with these labels: name=value, separated by commas', type: list.refine(labels => labels.every(label => /^[^=]+=.+$/.test(label)), 'name=value, separated by commas') }),
  drainDeadline: setting({ env: 'YARD_DRAIN_DEADLINE', flag: '--drain-deadline <seconds>', description: 'seconds that a stopping engine gives builds which it cannot hand over (those of stock workers); as long as they take when unset', type: wholeNumber(0, 604_800).optional() }),
  machineSettle: setting({ env: 'YARD_MACHINE_SETTLE', flag: '--machine-settle <seconds>', description: 'seconds after which a machine whose creation was not answered, and that its provider does not list, counts as never made', type: wholeNumber(1, 3_600), default: '60' }),
  secretsDir: setting({ env: 'YARD_SECRETS_DIR', flag: '--secrets-dir <folder>', description: 'folder with a file per secret', type: path, default: ({ home }) => join(home, 'secrets') }),
} as const

export type SettingName = keyof typeof settingsTable
export type SettingValues = { [Name in SettingName]: z.output<(typeof settingsTable)[Name]['type']> }
