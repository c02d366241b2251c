import type { NewNotification } from '@yardmaster/db/verbs/plan-notifications'
import type { Database } from '@yardmaster/db'
import { asksFor, generated, render, type BuildView, type FunctionRef, type GeneratorConfig, type Json, type Message, type Report, type ReporterConfig } from '@yardmaster/domain'
import { reporterDriver } from '@yardmaster/integrations'
import type { LoadedGeneration } from '@yardmaster/replica'
import { maskCredentials, type Logger } from '@yardmaster/runtime'
import { readLogEnd } from './read-log.js'
import { readReport, type Fact, type ReportReading } from './read-report.js'
import { readTails, showsTails } from './read-tails.js'

export type Composing = { db: Database; logger: Logger; baseUrl: string; set: string; generation: LoadedGeneration }

const LOG_BYTES = 256 * 1024
const ALL_LOGS_BYTES = 1024 * 1024
/** Each is a few queries. */
const MOST_LOGS = 200
/** For a message that tells of a reporter that could not make its own. */
const KEPT_SECONDS = 86_400

/** Everything that the generation's reporters tell of a fact. Rejects only when the database does. */
export async function composeFact(composing: Composing, fact: Fact): Promise<NewNotification[]> {
  const { db, baseUrl, set, generation: { configuration } } = composing
  const asked = configuration.reporters.flatMap(reporter => reporter.generators.filter(generator => asksFor(generator, fact.type)).map(generator => ({ reporter, generator })))
  if (asked.length === 0) return []
  const reading: ReportReading = { db, baseUrl, set, configuration }
  const report = await readReport(reading, fact)
  if (report === null) return []
  const told: NewNotification[] = []
  let tails: Report['tails'] | null = null
  for (const { reporter, generator } of asked) {
    const wanted = generated(generator, report)
    if (!wanted) continue
    if (showsTails(reporter.kind)) tails ??= await readTails(db, report)
    told.push(...await composeFor(composing, { reporter, generator, report: { ...wanted, logs: await logsOf(db, generator, wanted), tails: showsTails(reporter.kind) ? tails ?? {} : {} } }))
  }
  return told
}

type Asked = { reporter: ReporterConfig; generator: GeneratorConfig; report: Report }

/** A formatter that fails keeps nobody from being told: then the words are the kind's own, with a remark. */
async function composeFor(composing: Composing, asked: Asked): Promise<NewNotification[]> {
  const { reporter, generator, report } = asked
  try {
    return (await compose(composing, asked, null)).map(message => notification(asked, message, null))
  } catch (error) {
    const remark = `the configuration's own words could not be had: ${reasonOf(error)}`
    composing.logger.warn({ err: error, reporter: reporter.name, event: report.event }, 'a reporter could not make its message as the configuration says')
    try {
      const plain = { ...asked, generator: { ...generator, formatter: null, startFormatter: null } }
      return (await compose(composing, plain, remark)).map(message => notification(asked, message, remark))
    } catch (again) {
      return [{ ...notification(asked, troubled(asked), null), refused: reasonOf(again) }]
    }
  }
}

const reasonOf = (error: unknown): string => maskCredentials(error instanceof Error ? error.message : String(error)).slice(0, 2_000)

const troubled = ({ reporter, report }: Asked): Message =>
  ({ target: `reporter ${reporter.name}`, subject: report.event, delivery: 'message', summary: `no message could be made of '${report.event}'`, deadline: KEPT_SECONDS, payload: null })

function notification({ reporter, report }: Asked, message: Message, remark: string | null): NewNotification {
  return {
    ...message, deadline: reporter.deadline ?? message.deadline, reporter: reporter.name, kind: reporter.kind, event: report.event, at: report.at, onUnknown: reporter.onUnknown, remark, refused: null,
    about: {
      builderId: report.builder?.builderid ?? null, buildRequestId: report.request?.buildrequestid ?? null, buildId: report.build?.buildid ?? null, buildsetId: report.buildset?.bsid ?? null,
      workerId: report.worker?.workerid ?? null, poolId: report.pool?.poolid ?? null,
    },
  }
}

function compose({ generation: { threads } }: Composing, { reporter, generator, report }: Asked, remark: string | null): Promise<Message[]> {
  const view = viewOf(report)
  const call = (fn: FunctionRef, args: Json[]) => threads.call(fn, { args })
  return reporterDriver(reporter.kind).compose(report, reporter, {
    generator, remark, call,
    render: value => render(value, { ...view, secret: () => { throw new Error('a secret has no place in what is kept: it is resolved when the message is sent') }, call: fn => threads.call(fn, { view }) }),
  })
}

/** As renderers know a build. */
export function viewOf({ properties, sourcestamps, build, builder, request, buildset }: Report): BuildView {
  return {
    properties, sourcestamps: Object.fromEntries(sourcestamps.map(({ changes: _changes, ...stamp }) => [stamp.codebase, stamp])),
    build: { id: build?.buildid ?? 0, number: build?.number ?? 0, builder: builder?.name ?? '', worker: build?.worker ?? '', buildset: buildset?.bsid ?? 0, buildrequest: request?.buildrequestid ?? 0, reason: buildset?.reason ?? '' },
  }
}

/** What the generator asks for, the later steps first when there is too much. */
async function logsOf(db: Database, { addLogs }: GeneratorConfig, { build, builds }: Report): Promise<Report['logs']> {
  const asked: Report['logs'] = {}
  if (addLogs === false) return asked
  let left = ALL_LOGS_BYTES
  let read = 0
  for (const step of [...(build ? [build] : []), ...builds].flatMap(one => one.steps).toReversed()) {
    for (const { logid, name, slug } of step.logs) {
      const wanted = addLogs === true || [name, slug, `${step.name}.${name}`, `${step.name}.${slug}`].some(known => addLogs.includes(known))
      if (!wanted || left <= 0 || read === MOST_LOGS) continue
      read += 1
      const text = await readLogEnd(db, logid, Math.min(left, LOG_BYTES)) ?? ''
      asked[`${step.name}.${slug}`] ??= text
      left -= text.length
    }
  }
  return asked
}
