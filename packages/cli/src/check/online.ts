import { isFunctionRef, isInterpolate, isPropertyRef, lookupsOf, render } from '@yardmaster/domain'
import type { Configuration, Json, MachineProvider, OnlineFinding, PoolConfig, ProviderConfig, Renderable } from '@yardmaster/domain'
import type { ConfigurationThreads } from '@yardmaster/config/host'
import { createLogger, fileSecrets, type Secrets, type Settings } from '@yardmaster/runtime'
import type { Context } from '../context.js'

export type PoolFinding = OnlineFinding & { pool: string; /** Where the pool has several. */ zone: string | null; plan: string | null }

/** For all questions about one zone and plan. */
const QUESTIONS_MS = 120_000

/** What the providers of all pools say of them: one question for each zone and plan. An account that does not answer is a finding, too. */
export async function onlineFindings({ configuration, code }: { configuration: Configuration; /** Its bundle. */ code: string }, settings: Settings, context: Context): Promise<PoolFinding[]> {
  const { ConfigurationThreads: Threads } = await import('@yardmaster/config/host')
  const tools: Tools = { secrets: fileSecrets(settings.secretsDir, context.env), settings, context, threads: new Threads({ bundle: code, clock: context.clock }) }
  const findings: PoolFinding[] = []
  try {
    for (const pool of configuration.pools) {
      for (const zone of pool.zones.length > 0 ? pool.zones : [null]) {
        for (const plan of pool.plans.length > 0 ? pool.plans : [null]) {
          const found = await poolFindings(pool, { zone, plan }, tools)
          findings.push(...found.map(finding => ({ ...finding, pool: pool.name, zone, plan })))
        }
      }
    }
  } finally {
    tools.threads.close()
  }
  return withoutRepeats(findings)
}

type Tools = { secrets: Secrets; settings: Settings; context: Context; threads: ConfigurationThreads }

async function poolFindings({ provider }: PoolConfig, place: { zone: string | null; plan: string | null }, tools: Tools): Promise<OnlineFinding[]> {
  const left = new Set<string>()
  const ended = new AbortController()
  const cancel = tools.context.clock.setTimeout(() => ended.abort(new Error(`not answered within ${QUESTIONS_MS / 1_000} s`)), QUESTIONS_MS)
  try {
    const options = await rendered(withoutBuild(provider.machine, '', left), tools.secrets)
    const own = [...left].map((option): OnlineFinding => ({ severity: 'warning', option, message: 'depends on the build, so it cannot be looked up now' }))
    const found = await ask(provider, { options, ...place }, tools, ended.signal)
    return [...own, ...found]
  } catch (error) {
    return [{ severity: 'error', option: 'provider', message: error instanceof Error ? error.message : String(error) }]
  } finally {
    cancel()
  }
}

async function ask({ kind, account }: ProviderConfig, request: { options: { [name: string]: Json }; zone: string | null; plan: string | null }, tools: Tools, signal: AbortSignal): Promise<OnlineFinding[]> {
  const provider = await opened({ kind, account }, tools)
  try {
    return await provider.check?.(request, signal) ?? []
  } finally {
    await provider.close?.()
  }
}

async function opened({ kind, account }: Pick<ProviderConfig, 'kind' | 'account'>, { secrets, settings, context, threads }: Tools): Promise<MachineProvider> {
  const { customProvider, openProvider } = await import('@yardmaster/providers')
  // Functions are called by what names them.
  const { functions, ...told } = account
  const resolved = await rendered(told, secrets)
  if (kind === 'custom') return customProvider({ ...resolved, functions: functions ?? null }, (fn, args, signal) => threads.callPatiently(fn, { args }, signal))
  return openProvider(kind, resolved, { clock: context.clock, random: context.random, logger: createLogger({ name: 'check', level: 'silent' }), home: settings.home })
}

const noBuild = { properties: {}, sourcestamps: {}, build: { id: 0, number: 0, builder: '', worker: '', buildset: 0, buildrequest: 0, reason: '' } }

/** Secrets filled in, and stand-ins for what a worker is told. */
async function rendered(options: { [name: string]: Renderable }, secrets: Secrets): Promise<{ [name: string]: Json }> {
  const worker = { name: 'worker', password: 'password', engine: 'ws://engine', engines: 'ws://engine', engineHost: 'engine', enginePort: '9989', installation: 'installation', attempt: '1' }
  const call = async () => { throw new Error('a function of a build was asked for without one') }
  return await render(options, { ...noBuild, worker, secret: name => secrets.get(name), call }) as { [name: string]: Json }
}

/** The options that say the same for every build; the paths of the others are added to `left`. */
function withoutBuild(options: { [name: string]: Renderable }, above: string, left: Set<string>): { [name: string]: Renderable } {
  return Object.fromEntries(Object.entries(options).flatMap(([name, value]): [string, Renderable][] => {
    const path = `${above}${name}`
    if (isRecord(value)) return [[name, withoutBuild(value, `${path}.`, left)]]
    if (!dependsOnBuild(value)) return [[name, value]]
    left.add(path)
    return []
  }))
}

const isRecord = (value: Renderable): value is { [key: string]: Renderable } =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !Object.keys(value).some(key => key.startsWith('$'))

function dependsOnBuild(value: Renderable): boolean {
  if (Array.isArray(value)) return value.some(dependsOnBuild)
  if (isFunctionRef(value) || isPropertyRef(value)) return true
  return isInterpolate(value) && (lookupsOf(value.$interpolate).some(({ selector }) => selector === 'prop' || selector === 'src') || Object.values(value.kw ?? {}).some(dependsOnBuild))
}

/** What is said of the account is the same for each zone and plan. */
function withoutRepeats(findings: PoolFinding[]): PoolFinding[] {
  const keyOf = ({ pool, option, message }: PoolFinding) => JSON.stringify([pool, option, message])
  const keys = findings.map(keyOf)
  return findings.filter((_, index) => keys.indexOf(keys[index] ?? '') === index)
}

/** As lines for a terminal. */
export function onlineText(findings: readonly PoolFinding[]): string {
  return findings.map(({ severity, pool, option, message, zone, plan }) => {
    const place = [zone, plan].filter(part => part !== null).join(', ')
    return `${severity}: pool '${pool}'${place ? ` (${place})` : ''}, ${option}\n    ${message}`
  }).join('\n')
}
