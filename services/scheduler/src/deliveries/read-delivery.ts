import type { NewChange } from '@yardmaster/db/verbs/add-change'
import type { TakenDelivery } from '@yardmaster/db/verbs/take-delivery'
import { hookHosts, recordOf, type FunctionRef, type HookHost, type HostHookConfig, type Json } from '@yardmaster/domain'
import { changesOfAnswer, hookReaders, openHost, readBaseHook, type HookChange, type HookReading, type HookSubject, type OpenHost } from '@yardmaster/integrations'
import type { LoadedGeneration } from '@yardmaster/replica'
import type { Clock, Logger, Secrets } from '@yardmaster/runtime'
import { answerAsked, asks } from './answer-asked.js'

export type ReadingDeps = { clock: Clock; logger: Logger; secrets: Secrets }
export type Read = { changes: NewChange[]; note: string }

/** What a generation's functions and the host's API make of it; `last`: what the message says itself is enough by now. */
type Attempt = { generation: Pick<LoadedGeneration, 'configuration' | 'threads'>; signal: AbortSignal; last: boolean }

/** Reads a message with all that outside has to be asked. Rejects with the reason why it cannot be read now. */
export async function readDelivery(deps: ReadingDeps, delivery: TakenDelivery, attempt: Attempt): Promise<Read> {
  const payload = JSON.parse(delivery.payload) as Json
  if (delivery.source === 'base') return { changes: [readBaseHook(recordOf(payload), deps.clock.now())], note: '1 change found' }
  const host = hookHosts.find(name => name === delivery.source)
  const config = host && attempt.generation.configuration.changeHooks[host]
  if (!host || !config) throw new Error(`the configuration has no changeHooks.${delivery.source} any more`)
  const { changes, note } = await readOfHost(deps, { host, config, delivery, payload }, attempt)
  return { note, changes: changes.map(change => ({ ...change, whenAt: change.whenAt ?? new Date(deps.clock.now()) })) }
}

type Message = { host: HookHost; config: HostHookConfig; delivery: TakenDelivery; payload: Json }

async function readOfHost(deps: ReadingDeps, message: Message, attempt: Attempt): Promise<HookReading> {
  const { host, config, delivery: { event }, payload } = message
  const reader = hookReaders[host]
  const subject = reader.subject(payload)
  const { codebase } = config
  const codebaseOf = async () => (typeof codebase === 'string' ? codebase : textOf(codebase, await attempt.generation.threads.callPatiently(codebase, { args: [payload] }, attempt.signal)))
  const api = openHost({ host, apiUrl: config.apiUrl, token: tokenOf(deps, config), repository: subject.fullName }, { signal: attempt.signal, clock: deps.clock })
  const fn = Object.hasOwn(config.on, event) ? config.on[event] : undefined
  const answer = fn ? await askFunction(fn, { ...message, subject, api }, attempt) : null
  if (fn && answer !== null) {
    const changes = changesOfAnswer(answer, { event, subject, codebase: await codebaseOf() }) ?? []
    return { changes, note: `${changes.length} change found by the function of the configuration` }
  }
  const reading = reader.read(event, payload, { ...config, codebase: '' })
  if (reading.changes.length === 0) return reading
  const named = await codebaseOf()
  return withLookUp(deps, { reading: { ...reading, changes: reading.changes.map(change => ({ ...change, codebase: named })) }, api, config }, attempt)
}

function textOf({ $fn }: FunctionRef, value: Json): string {
  if (typeof value === 'string') return value
  throw new Error(`${$fn} answered with ${JSON.stringify(value)}: expected the name of a codebase`)
}

function tokenOf({ secrets }: ReadingDeps, { token }: HostHookConfig): string | null {
  if (token === null || typeof token === 'string') return token
  const value = secrets.get(token.$secret)
  if (value === undefined) throw new Error(`the secret '${token.$secret}' of this hook is not set on the server`)
  return value
}

function askFunction(fn: FunctionRef, { delivery, payload, subject, api }: Message & { subject: HookSubject; api: OpenHost }, { generation, signal }: Attempt): Promise<Json> {
  const { action } = recordOf(payload)
  const event = { name: delivery.event, action: typeof action === 'string' ? action : null, delivery: delivery.key, repository: subject.fullName, sender: subject.sender, payload }
  return generation.threads.callPatiently(fn, { args: [event], context: { data: { repository: subject.fullName }, asks } }, signal, answerAsked(api))
}

/** The files of a pull request, and whether its head commit asks to be skipped. In the end it is built without them: not to build it would lose it. */
async function withLookUp({ logger }: ReadingDeps, { reading, api, config }: { reading: HookReading; api: OpenHost; config: HostHookConfig }, { last, signal }: Attempt): Promise<HookReading> {
  const { lookUp, changes } = reading
  if (!lookUp || config.token === null) return reading
  try {
    const [files, message] = [await api.files(lookUp.pullRequest), await api.messageOf(lookUp.revision)]
    if (config.skips.some(({ source, flags }) => new RegExp(source, flags).test(message))) return { changes: [], note: 'no change found: the head commit asks to skip CI' }
    return { ...reading, changes: changes.map((change): HookChange => ({ ...change, files })) }
  } catch (error) {
    if (!last || signal.aborted) throw error
    const reason = error instanceof Error ? error.message : String(error)
    logger.warn({ err: error, pullRequest: lookUp.pullRequest }, 'a pull request is built without its files: the host does not tell them')
    return { ...reading, note: `${reading.note}; its files are not known: ${reason}` }
  }
}
