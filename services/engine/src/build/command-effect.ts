import type { Fact, LineRange } from '@yardmaster/db'
import type { Json } from '@yardmaster/domain'
import { fingerprint, type CommandSpec, type Ended, type FailureReason, type Output } from '@yardmaster/worker-protocol'
import { RemoteCommand } from '../workers/remote-command.js'
import { WorkerTrouble } from '../workers/worker-trouble.js'
import type { JournalEntry } from './build-data.js'
import { CapturedOutput, OwnLines } from './captured-output.js'
import { effectEnded, effectStarted } from './effects/record.js'
import type { LogWriter } from './log-writer.js'
import { readLogLines } from './read-log-lines.js'
import type { StepContext } from './step-context.js'

export type CommandOptions = {
  /** The log that gets its output. */
  log?: string
  /** Keep what it prints, for a function that reads it. */
  capture?: boolean
  /** The effect's number and fingerprint, where the step numbers its own effects. */
  n?: number
  fingerprint?: string
  effectKind?: 'command' | 'file'
}

export type CommandResult = { rc: number; failureReason: FailureReason | null; elapsed: number; result: Json; stdout: string; stderr: string }

/**
 * The effect `command`: written down before it leaves for the worker, joined after a replay, its outcome recorded with its last lines.
 * Output is acknowledged to the worker only once it is committed.
 */
export async function runCommand(context: StepContext, spec: CommandSpec, options: CommandOptions): Promise<CommandResult> {
  const { run, journal, data } = context
  const n = options.n ?? journal.nextNumber()
  const id = `${run.commandPrefix}${data.number}/${n}`
  const effectId = { n, kind: options.effectKind ?? 'command', fingerprint: options.fingerprint ?? fingerprint(withoutSecrets(context, spec)) }
  const entry = journal.find(n, effectId.kind, effectId.fingerprint)
  if (entry?.ended) {
    run.session.forget(id)
    return heedTrouble(context, entry.outcome as CommandResult)
  }
  const logs = await openLogs(context, spec, options.log ?? 'stdio')
  const effect = { step: data.number, n }
  // What was begun is joined, also to be interrupted.
  if (!entry) {
    await run.write([...logs.opening, effectStarted(context, effectId, logs.main.lines)])
    context.signal.throwIfAborted()
  }
  const captured = options.capture ? await capture(context, logs.main, entry) : null
  const receive = (output: Output) => {
    const log = output.log === 'stdio' ? logs.main : logs.byName.get(output.log)
    const content = run.mask.lines(output.content, output.log === 'stdio')
    if (output.log === 'stdio') captured?.add(logs.main.lines, output.lines, content)
    const appended: Fact[] = log ? [log.append(output.lines, content)] : []
    commit(context, id, output.seq, [...appended, { kind: 'effect-advanced', effect, seq: output.seq, ...(captured ? { ranges: captured.own.ranges } : {}) }])
  }
  const command = new RemoteCommand({ id, spec, begunBy: entry ? entry.processId : run.session.processId, fromSeq: entry?.seq ?? 0, onOutput: receive })
  const ended = await context.onWorker(command)
  const outcome = { ...outcomeOf(ended), stdout: captured?.output.stdout ?? '', stderr: captured?.output.stderr ?? '' }
  commit(context, id, ended.seq, [{ kind: 'effect-advanced', effect, seq: ended.seq }, effectEnded(context, n, outcome)])
  return heedTrouble(context, outcome)
}

/** Not the step's to judge, whatever it makes of exit codes. */
export function heedTrouble<Outcome extends { failureReason: FailureReason | null; result?: Json | undefined }>(context: StepContext, outcome: Outcome): Outcome {
  if (outcome.failureReason !== 'worker') return outcome
  context.failure ??= new WorkerTrouble(`the worker cannot run commands: ${typeof outcome.result === 'string' ? outcome.result : 'it does not say why'}`)
  throw context.failure
}

function outcomeOf({ rc, failureReason, elapsed, result }: Ended): Omit<CommandResult, 'stdout' | 'stderr'> {
  return { rc, failureReason, elapsed, result: result ?? null }
}

/** Not awaited by the step: facts of a build are committed in order, and a failure ends the run. */
export function commit({ run }: StepContext, commandId: string, seq: number, facts: Fact[]): void {
  void run.write(facts).then(() => run.session.acknowledge(commandId, seq), () => {})
  if (run.session.link) run.parts.pressure.feel(run.session.link)
}

async function openLogs(context: StepContext, spec: CommandSpec, mainName: string): Promise<{ main: LogWriter; byName: Map<string, LogWriter>; opening: Fact[] }> {
  const main = await context.log(mainName)
  const names = spec.kind === 'shell' ? Object.keys(spec.args.logfiles) : []
  const others = await Promise.all(names.map(name => context.log(name)))
  return { main, byName: new Map(others.map(log => [log.name, log])), opening: [main, ...others].flatMap(log => log.open()) }
}

/** What a command has printed, and where its lines are. */
class Captured {
  readonly output = new CapturedOutput()
  readonly own: OwnLines

  constructor(ranges: LineRange[]) {
    this.own = new OwnLines(ranges)
  }

  add(firstLine: number, lines: number, content: Uint8Array): void {
    this.own.add(firstLine, lines)
    this.output.add(content)
  }
}

/** What was captured before a replay is in the log already, between what others printed there. */
async function capture({ run }: StepContext, log: LogWriter, entry: JournalEntry | undefined): Promise<Captured> {
  const captured = new Captured(entry?.ranges ?? [])
  if (!entry || entry.seq === 0) return captured
  // Where they are is known of all but what an earlier version of this software began.
  for (const range of entry.ranges ?? [[entry.firstLine, null] as const]) {
    for await (const lines of readLogLines(run.parts, log.ref.id, range)) captured.output.add(lines)
  }
  return captured
}

/** A secret may be rotated between two runs; the command stays the same. */
function withoutSecrets({ run }: StepContext, spec: CommandSpec): CommandSpec {
  return run.mask.json(JSON.parse(JSON.stringify(spec)) as Json) as CommandSpec
}
