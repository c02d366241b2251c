import { isRecord, resultName } from '@yardmaster/domain'
import type { Json, Report, ReportMode, ReportedBuild, ReportedStep } from '@yardmaster/domain'
import { cut, oneLine } from './story.js'
import type { Fact, Span, Story, StoryStep, Tail } from './story.js'
import { detected, marks, outcome, toneOf } from './words.js'

const linesOfTail = 30
const mostSteps = 100

/** Of an end of a build (mode as its generator has it), a start, a request. */
export function buildStory(report: Report, mode: readonly ReportMode[]): Story {
  const { build, builder } = report
  const results = build?.results ?? report.request?.results ?? null
  const tone = report.event === 'started' || report.event === 'requested' ? 'neutral' : toneOf(results)
  const name = oneLine(builder?.name ?? 'a builder')
  return {
    tone,
    subject: oneLine(`${marks[tone]} Yardmaster (${report.title}): ${name} - ${stateOf(report)} (${placeOf(report)})`),
    lead: leadOf(report, mode),
    facts: factsOf(report),
    stepsTitle: 'Steps',
    steps: report.event === 'finished' ? (build?.steps ?? []).slice(0, mostSteps).map(toStep) : [],
    tails: build ? tailsOf(build, { ...report.logs, ...report.tails }) : [],
  }
}

function stateOf({ event, build, previous }: Report): string {
  if (event === 'started') return 'build started'
  if (event === 'requested') return 'build requested'
  if (event === 'cancelled' || !build || build.results === null) return 'build cancelled'
  return build.state_string === '' || build.state_string === 'build successful' ? outcome(build.results, previous?.results ?? null) : build.state_string
}

/** Branch or revision. */
function placeOf({ sourcestamps, properties }: Report): string {
  const branch = sourcestamps.find(stamp => stamp.branch)?.branch
  const revision = properties['got_revision']?.[0] ?? sourcestamps.find(stamp => stamp.revision)?.revision
  return branch ?? (typeof revision === 'string' ? revision : 'unknown revision')
}

function leadOf(report: Report, mode: readonly ReportMode[]): Span[] {
  const { build, builder, event, previous, request } = report
  const at: Span = { text: oneLine(builder?.name ?? 'a builder'), url: builder?.url ?? null, strong: true }
  const projects = [...new Set(report.sourcestamps.map(stamp => stamp.project).filter(project => project !== ''))].join(', ') || report.title
  const of: Span = { text: ` while building ${oneLine(projects)}.` }
  if (event === 'requested' || !build) return [{ text: event === 'requested' ? 'A build has been requested on builder ' : 'A request was cancelled before it was built on builder ' }, at, { text: ` (request ${request?.buildrequestid ?? '?'}).` }]
  const link: Span = { text: `#${build.number}`, url: build.url }
  if (event === 'started' || build.results === null) return [{ text: 'Build ' }, link, { text: ' has been started on builder ' }, at, of]
  const kind = detected(mode, build.results, previous?.results ?? null)
  return [{ text: `${/^[aeiou]/.test(kind) ? 'An' : 'A'} ${kind} has been detected on builder ` }, at, { text: ' (build ' }, link, { text: ')' }, of]
}

function factsOf(report: Report): Fact[] {
  const { build, buildset, owners, previous, sourcestamps } = report
  const fact = (label: string, ...value: Span[]): Fact => ({ label, value })
  const facts = [build ? fact('Full details', { text: build.url, url: build.url }) : report.request && fact('Full details', { text: report.request.url, url: report.request.url })]
  if (build?.results !== null && build?.results !== undefined) facts.push(fact('Build state', { text: oneLine(build.state_string), strong: true }))
  facts.push(...sourcestamps.map(stamp => fact(stamp.codebase === '' ? 'Revision' : `Revision of ${oneLine(stamp.codebase)}`, { text: revisionOf(report, stamp) })))
  if (build) facts.push(fact('Worker', { text: oneLine(build.worker) }))
  if (buildset) facts.push(fact('Build reason', { text: oneLine(buildset.reason) || '(unknown)' }))
  if (owners.length > 0) facts.push(fact('Blamelist', { text: oneLine(owners.join(', ')) }))
  facts.push(...changesOf(report))
  if (build?.complete && previous) facts.push(fact('Build before', { text: `#${previous.number}`, url: previous.url }, { text: ` (${resultName(previous.results)})` }))
  return facts.filter(item => item !== null)
}

function revisionOf(report: Report, stamp: Report['sourcestamps'][number]): string {
  const got = report.properties['got_revision']?.[0]
  const ofCodebase = isRecord(got) ? got[stamp.codebase] : got
  const revision = text(ofCodebase) ?? stamp.revision ?? 'HEAD'
  return oneLine(`${stamp.branch === null ? '' : `[branch ${stamp.branch}] `}${revision}${stamp.patch ? ' (plus patch)' : ''}`)
}

const text = (value: Json | undefined): string | null => (typeof value === 'string' && value !== '' ? value : null)

function changesOf({ sourcestamps }: Report): Fact[] {
  const changes = sourcestamps.flatMap(stamp => stamp.changes)
  return changes.slice(-10).map(({ author, comments, revision, revlink }) => ({
    label: 'Change',
    value: [{ text: oneLine(revision ?? '').slice(0, 12) || '(no revision)', url: revlink ?? null }, { text: ` ${cut(oneLine(`${author}: ${comments.split('\n')[0] ?? ''}`), 200)}` }],
  }))
}

function toStep(step: ReportedStep): StoryStep {
  const result = step.results === null ? 'not finished' : resultName(step.results)
  const links = [...step.logs.map(log => ({ text: oneLine(log.name), url: log.url })), ...step.urls.map(({ name, url }) => ({ text: oneLine(name), url }))]
  return { label: { text: oneLine(`${step.number}: ${step.name}`) }, result: oneLine(step.state_string) === '' ? result : `${result}: ${oneLine(step.state_string)}`, tone: toneOf(step.results), links }
}

/** The ends of logs of steps that did not succeed. */
function tailsOf(build: ReportedBuild, logs: Report['tails']): Tail[] {
  const bad = build.steps.filter(step => ['bad', 'odd', 'warning'].includes(toneOf(step.results)))
  return bad.flatMap(step => step.logs.flatMap(log => {
    const content = logs[`${step.name}.${log.slug}`]?.trimEnd()
    return content ? [{ title: { text: oneLine(`${step.name} (${log.name})`), url: log.url }, text: content.split('\n').slice(-linesOfTail).join('\n') }] : []
  })).slice(0, 5)
}
