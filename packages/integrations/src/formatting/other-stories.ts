import { resultName } from '@yardmaster/domain'
import type { GeneratorConfig, Report } from '@yardmaster/domain'
import { buildStory } from './build-story.js'
import { flat, oneLine } from './story.js'
import type { Fact, Story } from './story.js'
import { marks, toneOf } from './words.js'

/** The default words for any report. */
export function storyOf(report: Report, { mode }: Pick<GeneratorConfig, 'mode'>): Story {
  if (report.event === 'buildset.finished') return buildsetStory(report)
  if (report.event === 'worker.missing') return workerStory(report)
  if (report.event === 'pool.alert') return poolStory(report)
  return report.event === 'step.started' || report.event === 'step.finished' ? stepStory(report) : buildStory(report, mode)
}

function buildsetStory(report: Report): Story {
  const { buildset, builds } = report
  const tone = toneOf(buildset?.results ?? null)
  const result = buildset?.results === null || buildset?.results === undefined ? 'finished' : resultName(buildset.results)
  const owners: Fact[] = report.owners.length === 0 ? [] : [{ label: 'Blamelist', value: [{ text: oneLine(report.owners.join(', ')) }] }]
  return {
    tone,
    subject: oneLine(`${marks[tone]} Yardmaster (${report.title}): buildset ${buildset?.bsid ?? ''} - ${result} (${buildset?.reason || 'no reason'})`),
    lead: [{ text: `All ${builds.length} builds of buildset ${buildset?.bsid ?? ''} have come to an end: ` }, { text: result, strong: true }, { text: '.' }],
    facts: [{ label: 'Build reason', value: [{ text: oneLine(buildset?.reason ?? '') || '(unknown)' }] }, ...owners],
    stepsTitle: 'Builds',
    steps: builds.map(build => ({ label: { text: oneLine(`${build.builder} #${build.number}`), url: build.url }, result: oneLine(build.state_string) || (build.results === null ? 'not finished' : resultName(build.results)), tone: toneOf(build.results), links: [] })),
    tails: [],
  }
}

function workerStory(report: Report): Story {
  const name = oneLine(report.worker?.name ?? '')
  const admin = report.worker?.info['admin']
  const facts: Fact[] = typeof admin === 'string' && admin.trim() !== '' ? [{ label: 'Admin on record', value: [{ text: oneLine(admin) }] }] : []
  return {
    tone: 'warning',
    subject: oneLine(`Yardmaster ${report.title} worker ${name} missing`),
    lead: [{ text: 'The worker named ' }, { text: name, strong: true }, { text: flat(` went away. It was last connected at ${report.worker?.last_connection ?? '(unknown)'}.`) }],
    facts, stepsTitle: '', steps: [], tails: [],
  }
}

function poolStory(report: Report): Story {
  const name = oneLine(report.pool?.name ?? '')
  return {
    tone: 'warning',
    subject: oneLine(`Yardmaster ${report.title} pool ${name}: ${report.pool?.alert ?? 'alert'}`),
    lead: [{ text: 'The pool of workers named ' }, { text: name, strong: true }, { text: ` needs somebody: ${oneLine(report.pool?.alert ?? '')}` }],
    facts: [], stepsTitle: '', steps: [], tails: [],
  }
}

function stepStory(report: Report): Story {
  const step = report.build?.steps.at(-1)
  const story = buildStory({ ...report, event: 'started' }, [])
  const state = report.event === 'step.started' ? 'started' : step?.state_string || (step?.results === null || step?.results === undefined ? 'finished' : resultName(step.results))
  const tone = report.event === 'step.started' ? 'neutral' : toneOf(step?.results ?? null)
  const name = oneLine(step?.name ?? '')
  return {
    ...story, tone,
    subject: oneLine(`${marks[tone]} Yardmaster (${report.title}): ${report.builder?.name ?? ''} #${report.build?.number ?? ''} step ${name} - ${state}`),
    lead: [{ text: 'Step ' }, { text: name, strong: true }, { text: ' of build ' }, { text: `#${report.build?.number ?? ''}`, url: report.build?.url ?? null }, { text: flat(` on builder ${report.builder?.name ?? ''}: ${state}`) }],
  }
}
