import { FAILURE, SUCCESS } from '@yardmaster/domain'
import type { Cluster } from '../../kit/cluster.js'
import { commandsOf, linesOf, NOTES } from './configuration.js'
import type { Ended, Invariant } from './invariants.js'
import type { BuilderPlan } from './plan.js'

type LogRow = { log: number; build: number; builder: string; step: number; results: number | null; numLines: number }
type Read = { row: LogRow; plan: BuilderPlan; gap: string | null; /** Without the type letter. */ printed: string[] }

async function readLogs({ cluster, plan }: Ended): Promise<Read[]> {
  const rows = await cluster.rows<LogRow>(
    `SELECT l.id AS log, b.id AS build, u.name AS builder, s.number AS step, s.results, l.num_lines AS "numLines"
     FROM logs l JOIN steps s ON s.id = l.step_id JOIN builds b ON b.id = s.build_id JOIN builders u ON u.id = b.builder_id WHERE l.slug = 'stdio' ORDER BY l.id`)
  const reads = await Promise.all(rows.map(async row => {
    const builder = plan.builders.find(each => each.name === row.builder)
    return builder ? [{ row, plan: builder, ...await readLog(cluster, row) }] : []
  }))
  return reads.flat()
}

async function readLog(cluster: Cluster, { log, numLines }: LogRow): Promise<{ gap: string | null; printed: string[] }> {
  const chunks = await cluster.rows<{ first_line: number; last_line: number; content: Buffer }>('SELECT first_line, last_line, content FROM log_chunks WHERE log_id = $1 ORDER BY first_line', [log])
  let next = 0
  let gap: string | null = null
  for (const { first_line, last_line } of chunks) {
    if (first_line !== next) gap ??= `a chunk begins at ${first_line} where ${next} was due`
    next = last_line + 1
  }
  if (next !== numLines) gap ??= `it says ${numLines} lines and has ${next}`
  return { gap, printed: Buffer.concat(chunks.map(chunk => chunk.content)).toString().split('\n').filter(line => line.startsWith('o')).map(line => line.slice(1)) }
}

const nameOf = ({ row }: Read) => `log ${row.log} of ${row.builder} build ${row.build} step ${row.step} (${row.results})`

/** Its lines by who printed them; each as numbers, which must be 0, 1, 2... */
function numbersBySpeaker({ printed }: Read): Map<string, number[]> {
  const numbers = new Map<string, number[]>()
  for (const line of printed) {
    const [, speaker, number] = /^(?:(\S+) line|note) (\d+)$/.exec(line) ?? []
    const name = number === undefined ? `something else: ${line}` : speaker ?? 'note'
    numbers.set(name, [...numbers.get(name) ?? [], Number(number ?? NaN)])
  }
  return numbers
}

const chunksAreContiguous: Invariant = async ended => (await readLogs(ended)).filter(read => read.gap !== null).map(read => `${nameOf(read)}: ${read.gap}`)

/** Of whatever ended in whatever way. */
const noLineIsMissingOrDoubled: Invariant = async ended => (await readLogs(ended)).flatMap(read => [...numbersBySpeaker(read)].flatMap(([speaker, numbers]) => {
  const at = numbers.findIndex((number, place) => number !== place)
  return at === -1 ? [] : [`${nameOf(read)}: ${speaker} has ${numbers[at]} where ${at} was due`]
}))

/** Of what came to its end: every command that it should have run, from begin to end, with all its lines. */
const finishedStepsAreWhole: Invariant = async ended => {
  const begun = new Set(ended.truth.begin)
  const over = new Set(ended.truth.end)
  return (await readLogs(ended)).filter(({ row }) => row.results === SUCCESS || row.results === FAILURE).flatMap(read => {
    const speakers = numbersBySpeaker(read)
    const commands = [...speakers].filter(([speaker]) => speaker !== 'note')
    const due = commandsOf[read.plan.kind][read.row.step]!
    const problems = commands.flatMap(([command, numbers]) => [
      ...numbers.length === linesOf(read.plan) ? [] : [`${command} has ${numbers.length} lines of ${linesOf(read.plan)}`],
      ...begun.has(command) && over.has(command) ? [] : [`${command} did not run from begin to end`],
    ])
    if (commands.length !== due) problems.push(`${commands.length} commands where ${due} were due`)
    const notes = speakers.get('note')?.length ?? 0
    if (read.plan.kind === 'custom' && notes !== NOTES) problems.push(`${notes} notes of ${NOTES}`)
    return problems.map(problem => `${nameOf(read)}: ${problem}`)
  })
}

export const logInvariants = { chunksAreContiguous, noLineIsMissingOrDoubled, finishedStepsAreWhole } satisfies { [name: string]: Invariant }
