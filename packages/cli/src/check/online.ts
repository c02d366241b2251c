import { isFunctionRef, isInterpolate, isPropertyRef, lookupsOf, render } from '@yardmaster/domain'
import type { Configuration, Json, OnlineFinding, PoolConfig, ProviderConfig, Renderable } from '@yardmaster/domain'
import { createLogger, fileSecrets, type Secrets, type Settings } from '@yardmaster/runtime'
import type { Context } from '../context.js'

export type PoolFinding = OnlineFinding & { pool: string; /** Where the pool has several. */ zone: string | null; plan: string | null }

/** For all questions about one zone and plan. */
const QUESTIONS_MS = 120_000

/** What the providers of all pools say of them: one question for each zone and plan. An account that does not answer is a finding, too. */
export async function onlineFindings(configuration: Configuration, settings: Settings, context: Context): Promise<PoolFinding[]> {
  const secrets = fileSecrets(settings.secretsDir, context.env)
  const findings: PoolFinding[] = []
  for (const pool of configuration.pools) {
    for (const zone of pool.zones.length > 0 ? pool.zones : [null]) {
      for (const plan of pool.plans.length > 0 ? pool.plans : [null]) {
        const found = await poolFindings(pool, { zone, plan }, { secrets, settings, context })
        findings.push(...found.map(finding => ({ ...finding, pool: pool.name, zone, plan })))
      }
    }
  }
  return withoutRepeats(findings)
}

type Tools = { secrets: Secrets; settings: Settings; context: Context }

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

async function ask({ kind, account }: ProviderConfig, request: { options: { [name: string]: Json }; zone: string | null; plan: string | null }, { secrets, settings, context }: Tools, signal: AbortSignal): Promise<OnlineFinding[]> {
  if (kind === 'custom') return [{ severity: 'warning', option: 'functions', message: 'a provider of your own is asked by the provisioner only, where its functions run' }]
  const { openProvider } = await import('@yardmaster/providers')
  const deps = { clock: context.clock, random: context.random, logger: createLogger({ name: 'check', level: 'silent' }), home: settings.home }
  const provider = await openProvider(kind, await rendered(account, secrets), deps)
  try {
    return await provider.check?.(request, signal) ?? []
  } finally {
    await provider.close?.()
  }
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
