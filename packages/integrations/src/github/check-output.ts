import { EXCEPTION, FAILURE, recordOf, type Json, type Report } from '@yardmaster/domain'
import { textOf } from '../code-hosts/values.js'
import type { SendContext } from '../reporter-kind.js'

/** The most that GitHub takes, less what stands around it. */
const LONGEST = 60_000
const LINES = 40
const STEPS = 10

/** Of each failed step its name, what it says, its page, and the log that says most. */
export function failingSteps({ build }: Report): Json {
  const failed = (build?.steps ?? []).filter(step => step.results === FAILURE || step.results === EXCEPTION)
  return failed.slice(0, STEPS).map(step => {
    const log = step.logs.find(one => one.slug === 'stdio') ?? step.logs[0]
    return { name: step.name, state: step.state_string, logid: log?.logid ?? null, url: log?.url ?? null }
  })
}

/** What people read: the end of what each failed step printed. */
export async function outputOf(title: string, failing: Json | undefined, context: SendContext): Promise<{ title: string; summary: string }> {
  const steps = Array.isArray(failing) ? failing.map(recordOf) : []
  const parts: string[] = []
  for (const { name, state, logid, url } of steps) {
    const heading = `### ${textOf(name ?? null)}: ${textOf(state ?? null)}`
    const tail = typeof logid === 'number' ? endOf(await context.log(logid), Math.trunc(LONGEST / steps.length)) : ''
    parts.push([heading, ...(tail === '' ? [] : [fenced(tail)]), ...(typeof url === 'string' ? [`[the whole log](${url})`] : [])].join('\n\n'))
  }
  return { title, summary: parts.length === 0 ? title : parts.join('\n\n') }
}

function endOf(log: string | null, most: number): string {
  return (log ?? '').trimEnd().split('\n').slice(-LINES).join('\n').slice(-most)
}

/** Longer than any fence inside. */
function fenced(text: string): string {
  const fence = '`'.repeat(Math.max(3, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length + 1)))
  return `${fence}\n${text}\n${fence}`
}
