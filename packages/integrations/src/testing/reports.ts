import { FAILURE, SUCCESS } from '@yardmaster/domain'
import type { FunctionRef, GeneratorConfig, Json, Properties, Renderable, Report, ReportedBuild, ReportedStep, ReporterConfig, ReporterKind } from '@yardmaster/domain'
import type { Clock, Logger } from '@yardmaster/runtime'
import type { ComposeContext, SendContext } from '../reporter-kind.js'

export const reportedStep = (step: Partial<ReportedStep> = {}): ReportedStep => ({ stepid: 71, number: 1, name: 'test', state_string: "'make test' (failure)", started_at: 1_000, complete_at: 1_060, results: FAILURE, urls: [], logs: [{ logid: 81, name: 'stdio', slug: 'stdio', type: 's', num_lines: 3, url: 'https://yard.example.org/#/builders/3/builds/12/steps/1/logs/stdio' }], ...step })

export const reportedBuild = (build: Partial<ReportedBuild> = {}): ReportedBuild => {
  const properties: Properties = { got_revision: ['3f2a91c0', 'Git'], workername: ['w1', 'Worker'] }
  const first = reportedStep({ stepid: 70, number: 0, name: 'git', state_string: 'update', results: SUCCESS, logs: [] })
  return { buildid: 900, number: 12, builderid: 3, buildrequestid: 500, workerid: 4, worker: 'w1', started_at: 1_000, complete_at: 1_060, complete: true, results: FAILURE, state_string: 'failed test (failure)', url: 'https://yard.example.org/#/builders/3/builds/12', properties, steps: [first, reportedStep()], ...build }
}

/** The end of a failed build of one change of Anna's, said otherwise by `report`. */
export const reportOf = (report: Partial<Report> = {}): Report => ({
  event: 'finished', at: 1_060, title: 'Hello', titleURL: 'https://yard.example.org/',
  builder: { builderid: 3, name: 'linux', tags: ['unix'], project: null, description: null, url: 'https://yard.example.org/#/builders/3' },
  request: { buildrequestid: 500, priority: 0, submitted_at: 990, waited_for: false, results: FAILURE, complete: true, url: 'https://yard.example.org/#/buildrequests/500' },
  build: reportedBuild(),
  previous: { buildid: 899, number: 11, results: SUCCESS, complete_at: 900, url: 'https://yard.example.org/#/builders/3/builds/11' },
  buildset: { bsid: 60, reason: 'The SingleBranchScheduler scheduler named main triggered this build', scheduler: 'main', submitted_at: 990, complete_at: 1_060, results: FAILURE, external_idstring: null },
  builds: [],
  sourcestamps: [{
    codebase: '', repository: 'https://git.example.org/hello.git', project: 'hello', branch: 'main', revision: '3f2a91c0', patch: null,
    changes: [{ author: 'Anna <anna@example.org>', comments: 'Fix *it*\nproperly', files: ['a.c'], revision: '3f2a91c0', revlink: 'https://git.example.org/hello/3f2a91c0', when: 980, project: 'hello', codebase: '', repository: 'https://git.example.org/hello.git', category: null, branch: 'main', properties: {} }],
  }],
  properties: { got_revision: ['3f2a91c0', 'Git'] },
  owners: ['Anna <anna@example.org>'], logs: {}, worker: null, pool: null, ...report,
})

export const generatorConfig = (generator: Partial<GeneratorConfig> = {}): GeneratorConfig => ({
  kind: 'buildStatus', mode: ['failing', 'passing', 'warnings'], builders: null, tags: null, schedulers: null, branches: null, workers: null, reportNew: false,
  addLogs: false, addPatch: false, formatter: null, startFormatter: null, ...generator,
})

export const reporterConfig = (kind: ReporterKind, options: { [option: string]: Renderable }, name = `${kind} of the test`): ReporterConfig => ({ name, kind, generators: [generatorConfig()], onUnknown: 'stop', deadline: null, options })

type Functions = { [address: string]: (...args: Json[]) => Json }

const calling = (functions: Functions) => async (fn: FunctionRef, args: Json[]): Promise<Json> => {
  const found = functions[fn.$fn]
  if (!found) throw new Error(`no function ${fn.$fn}`)
  return found(...args)
}

/** Where nothing but plain options is rendered. */
export const composeContext = (generator: Partial<GeneratorConfig> = {}, functions: Functions = {}): ComposeContext => ({
  generator: generatorConfig(generator), render: async value => value as Json, call: calling(functions),
})

export type SendSurroundings = { clock: Clock; logger: Logger; signal?: AbortSignal }

/** Options as they are, and a secret by its name from `secrets`. */
export const sendContext = ({ options }: ReporterConfig, secrets: { [name: string]: string }, { clock, logger, signal = new AbortController().signal }: SendSurroundings): SendContext => ({
  signal, clock, logger, call: calling({}),
  option: async name => {
    const value = options[name] ?? null
    if (typeof value !== 'object' || value === null || !('$secret' in value)) return value as Json
    const secret = secrets[String(value['$secret'])]
    if (secret === undefined) throw new Error(`there is no secret '${String(value['$secret'])}'`)
    return secret
  },
})
