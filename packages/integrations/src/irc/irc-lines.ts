import { CANCELLED, EXCEPTION, FAILURE, RETRY, SKIPPED, SUCCESS, WARNINGS, outcomeChange, resultName } from '@yardmaster/domain'
import type { IrcEvent, Report, Result } from '@yardmaster/domain'
import { cut, flat, oneLine } from '../formatting/story.js'
import { toneOf } from '../formatting/words.js'
import type { Wording } from '../formatting/wording.js'

const mostLines = 8
const mostOfLine = 400

/** mIRC's colours: green, orange, red, purple. */
const colours = { good: '03', warning: '07', bad: '04', odd: '06', neutral: null }

const verbs: { [result in Result]: string } = {
  [SUCCESS]: 'completed successfully', [WARNINGS]: 'completed with warnings', [FAILURE]: 'failed', [SKIPPED]: 'was skipped', [EXCEPTION]: 'stopped with exception', [RETRY]: 'has been retried', [CANCELLED]: 'was cancelled',
}

/** What is said, line by line: one for the kind's own words. */
export function ircLines(report: Report, { body, story, subject }: Wording, { useColors, showBlameList }: { useColors: boolean; showBlameList: boolean }): string[] {
  if (body?.type === 'html') throw new Error("the formatter answered HTML, which IRC does not show: answer 'plain'")
  if (body) return body.text.split(/\r\n|[\r\n]/).map(line => cut(flat(line).trimEnd(), mostOfLine)).filter(line => line !== '').slice(0, mostLines)
  const remark = story.facts.find(({ label }) => label === 'Remark')?.value[0]?.text
  const line = lineOf(report, useColors) ?? subject
  const blamed = showBlameList && report.owners.length > 0 ? ` [${oneLine(report.owners.join(', '))}]` : ''
  return [cut(`${line}${blamed}`, 2 * mostOfLine), ...(remark === undefined ? [] : [cut(`Remark: ${remark}`, mostOfLine)])]
}

function lineOf({ build, builder, event, previous }: Report, useColors: boolean): string | null {
  if (!build || !builder || (event !== 'started' && event !== 'finished')) return null
  const name = `Build #${build.number} of ${oneLine(builder.name)}`
  if (event === 'started' || build.results === null) return `${name} started: ${build.url}`
  const before = previous && previous.results !== build.results ? ` (${resultName(previous.results)} before)` : ''
  const state = oneLine(build.state_string) === '' ? '' : `: ${oneLine(build.state_string)}`
  return `${name} ${painted(verbs[build.results], useColors ? colours[toneOf(build.results)] : null)}${before}${state} - ${build.url}`
}

const painted = (text: string, colour: string | null): string => (colour === null ? text : `\u0003${colour}${text}\u000F`)

const order: readonly Result[] = [EXCEPTION, FAILURE, WARNINGS, SUCCESS]
const goodEnough = (result: Result): boolean => result === SUCCESS || result === WARNINGS
const isOutcome = (name: string): name is 'success' | 'warnings' | 'failure' | 'exception' | 'cancelled' => ['success', 'warnings', 'failure', 'exception', 'cancelled'].includes(name)

/** Whether Buildbot's notify_events would have this told; what is no build's end or start is told. */
export function isNotified({ build, event, previous }: Report, events: readonly IrcEvent[]): boolean {
  if (event === 'worker.missing') return events.includes('worker')
  if (event === 'started') return events.includes('started')
  if (event !== 'finished' || !build || build.results === null) return true
  const kinds: IrcEvent[] = ['finished']
  const name = resultName(build.results)
  if (isOutcome(name)) kinds.push(name)
  if (previous && isOutcome(name)) kinds.push(...changes(previous.results, build.results, name))
  return kinds.some(kind => events.includes(kind))
}

function changes(before: Result, now: Result, name: 'success' | 'warnings' | 'failure' | 'exception' | 'cancelled'): IrcEvent[] {
  const was = resultName(before)
  const kinds: IrcEvent[] = isOutcome(was) ? [outcomeChange(was, name)] : []
  if (!order.includes(before) || !order.includes(now)) return kinds
  if (order.indexOf(now) > order.indexOf(before)) kinds.push('better')
  if (order.indexOf(now) < order.indexOf(before)) kinds.push('worse')
  if (goodEnough(before) && !goodEnough(now)) kinds.push('problem')
  if (!goodEnough(before) && goodEnough(now)) kinds.push('recovery')
  return kinds
}
