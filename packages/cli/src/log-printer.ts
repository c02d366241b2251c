import { builds, logchunks, logs, steps, type Build, type Log, type Step } from '@yardmaster/rest'
import type { News } from './news.js'
import type { Remote } from './remote.js'
import type { Paint } from './render.js'

/** One line of a log; `stream` is Buildbot's letter: o, e, h, or null in a log without streams. */
export type LogLine = { step: string; log: string; line: number; stream: 'o' | 'e' | 'h' | null; text: string }

export type LogRun = {
  remote: Remote
  build: Build
  /** Only this step, by name or number. */
  step: string | null
  /** To go on until the build is complete. */
  follow: News | null
  onStep(step: Step): void
  onLine(line: LogLine): void
}

const linesPerRequest = 1_000

/** The line as people see it: header lines dim, standard error red. */
export function paintLine({ stream, text }: LogLine, paint: Paint): string {
  return stream === 'h' ? paint.dim(text) : stream === 'e' ? paint.red(text) : text
}

function splitLines(content: string): string[] {
  const lines = content.split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines
}

function toLine(step: Step, log: Log, line: number, raw: string): LogLine {
  const [stream] = raw
  if (log.type !== 's' || (stream !== 'o' && stream !== 'e' && stream !== 'h')) return { step: step.name, log: log.name, line, stream: null, text: raw }
  return { step: step.name, log: log.name, line, stream, text: raw.slice(1) }
}

/** Prints a build's logs, each line once, in the order of steps; remembers how far it came in each log. */
class LogPrinter {
  readonly #printed = new Map<number, number>()
  readonly #announced = new Set<number>()
  /** Steps of which nothing more will come. */
  readonly #over = new Set<number>()
  constructor(readonly run: LogRun) {}

  /** What is there now of the wanted steps; stops after the first unfinished step, for its next lines come first. */
  async print(): Promise<{ steps: number }> {
    const { remote, build, step: wanted, onStep } = this.run
    const all = await remote.list(steps, `builds/${build.buildid}/steps`, { order: 'number' })
    const wantedSteps = all.filter(step => wanted === null || step.name === wanted || String(step.number) === wanted)
    for (const step of wantedSteps) {
      if (!this.#announced.has(step.stepid)) onStep(step)
      this.#announced.add(step.stepid)
      if (this.#over.has(step.stepid)) continue
      const found = await remote.list(logs, `steps/${step.stepid}/logs`)
      for (const log of found) await this.#printLog(step, log)
      if (!step.complete) break
      if (found.every(({ complete }) => complete)) this.#over.add(step.stepid)
    }
    return { steps: wantedSteps.length }
  }

  async #printLog(step: Step, log: Log): Promise<void> {
    const { remote, onLine } = this.run
    for (;;) {
      const offset = this.#printed.get(log.logid) ?? 0
      if (log.num_lines <= offset) return
      const chunks = await remote.list(logchunks, `logs/${log.logid}/contents`, { offset, limit: linesPerRequest })
      const lines = chunks.flatMap(chunk => splitLines(chunk.content))
      lines.forEach((raw, index) => onLine(toLine(step, log, offset + index, raw)))
      this.#printed.set(log.logid, offset + lines.length)
      if (lines.length === 0) return
    }
  }
}

/**
 * Prints what a build has logged; with `follow`, goes on until the build is complete. Answers the build as it then is, and how
 * many steps were found.
 */
export async function printLogs(run: LogRun): Promise<{ build: Build; steps: number }> {
  const { remote, build: { buildid }, follow } = run
  const printer = new LogPrinter(run)
  const watch = follow?.watch(`builds/${buildid}/*`, `builds/${buildid}/steps/*/*`, `builds/${buildid}/logs/*/*`)
  try {
    for (;;) {
      // The build first: what it says is complete is then wholly printed.
      const build = await remote.one(builds, `builds/${buildid}`, `build ${buildid} is gone`)
      const found = await printer.print()
      if (!watch || build.complete) return { build, steps: found.steps }
      await watch.next()
    }
  } finally {
    watch?.close()
  }
}
