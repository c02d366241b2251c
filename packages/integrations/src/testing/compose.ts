import { render, type GeneratorConfig, type Json, type Properties, type Renderable, type Report, type ReporterConfig, type ReporterKind, type Result, type SourceStampData } from '@yardmaster/domain'
import { createLogger, type Clock } from '@yardmaster/runtime'
import type { ComposeContext, SendContext } from '../reporter-kind.js'

/** A generator with nothing said but its kind. */
export const testGenerator = (kind: GeneratorConfig['kind'] = 'buildStartEnd', more: Partial<GeneratorConfig> = {}): GeneratorConfig => ({
  kind, mode: [], builders: null, tags: null, schedulers: null, branches: null, workers: null, reportNew: false, addLogs: false, addPatch: false, formatter: null, startFormatter: null, ...more,
})

/** A reporter as its reader leaves it, with these options. */
export const testReporter = (kind: ReporterKind, options: { [option: string]: Renderable }, name: string = kind): ReporterConfig =>
  ({ name, kind, generators: [testGenerator()], onUnknown: 'retry', deadline: null, options })

export const testStamp = (more: Partial<SourceStampData> = {}): Report['sourcestamps'][number] => ({
  codebase: '', repository: 'https://git.example.org/owner/repo.git', project: '', branch: 'main', revision: 'a'.repeat(40), changes: [], ...more,
})

/** A report of build 7 of a builder: its request, start or end. */
export function testReport(event: Report['event'], more: Partial<Report> & { builderName?: string; results?: Result; extra?: { [property: string]: Json } } = {}): Report {
  const { builderName = 'hello', results = 0, extra = {}, ...rest } = more
  const ended = event === 'finished' || event === 'cancelled'
  const properties: Properties = Object.fromEntries(Object.entries({ buildername: builderName, ...extra }).map(([name, value]) => [name, [value, 'test']]))
  const url = 'http://yard.example.org/builders/1/builds/7'
  const hasBuild = event === 'started' || event === 'finished'
  return {
    event, at: 1_000, title: builderName, titleURL: null,
    builder: { builderid: 1, name: builderName, tags: [], project: null, description: null, url: 'http://yard.example.org/builders/1' },
    request: { buildrequestid: 9, priority: 0, submitted_at: 990, waited_for: false, results: ended ? results : null, complete: ended, url: 'http://yard.example.org/buildrequests/9' },
    build: hasBuild
      ? { buildid: 70, number: 7, builderid: 1, buildrequestid: 9, workerid: 1, worker: 'w1', started_at: 995, complete_at: ended ? 1_000 : null, complete: ended, results: ended ? results : null, state_string: ended ? 'finished' : 'running', url, properties, steps: [] }
      : null,
    previous: null, buildset: null, builds: [], sourcestamps: [testStamp()], properties, owners: [], logs: {}, tails: {}, worker: null, pool: null, ...rest,
  }
}

/** What a driver composes with: the report's properties, and functions of a configuration by their address. */
export function composing(report: Report, { generator = testGenerator(), remark = null, functions = {} }: { generator?: GeneratorConfig; remark?: string | null; functions?: { [address: string]: (...args: Json[]) => Json } } = {}): ComposeContext {
  const call = async ({ $fn }: { $fn: string }, args: Json[]): Promise<Json> => {
    const fn = functions[$fn]
    if (!fn) throw new Error(`there is no function ${$fn}`)
    return fn(...args)
  }
  return { generator, remark, call, render: value => rendered(value, report.properties, name => { throw new Error(`a secret '${name}' while composing`) }) }
}

/** What a driver sends with. */
export function sending(reporter: ReporterConfig, { clock, signal, secrets = {}, lastReference = null, attempt = 1 }: { clock: Clock; signal: AbortSignal; secrets?: { [name: string]: string }; lastReference?: string | null; attempt?: number }): SendContext {
  return {
    option: name => rendered(reporter.options[name] ?? null, {}, secret => secrets[secret]),
    call: async ({ $fn }) => { throw new Error(`there is no function ${$fn}`) },
    callPatiently: async ({ $fn }) => { throw new Error(`there is no function ${$fn}`) },
    lastReference: async () => lastReference,
    log: async () => null,
    key: 'test', attempt, signal, clock, logger: createLogger({ name: 'test', level: 'silent' }),
  }
}

const rendered = (value: Renderable, properties: Properties, secret: (name: string) => string | undefined): Promise<Json> =>
  render(value, { properties, sourcestamps: {}, build: { id: 70, number: 7, builder: 'hello', worker: 'w1', buildset: 1, buildrequest: 9, reason: '' }, secret, call: async () => null })
