import { createHash, type Hash } from 'node:crypto'
import { onceReachable, type Fact } from '@yardmaster/db'
import { artifactNameProblem, artifactPath, type UploadArgs, type Uploaded, type UploadOutcome } from '@yardmaster/domain'
import type { Output } from '@yardmaster/worker-protocol'
import { RemoteCommand } from '../../workers/remote-command.js'
import { commit, heedTrouble } from '../command-effect.js'
import type { StepContext } from '../step-context.js'
import { inBuilddir } from '../steps/shell-spec.js'
import { effectEnded, effectStarted, type EffectId } from './record.js'

/**
 * The effect `upload`: the artifact's row is committed before the worker is asked, each piece together with the number up to which the worker
 * may forget, and the digest with the effect's end. So an artifact is whole, or is seen not to be.
 */
export async function performUpload(context: StepContext, id: EffectId, args: UploadArgs): Promise<UploadOutcome> {
  const { run, journal, data } = context
  const commandId = `${run.commandPrefix}${data.number}/${id.n}`
  const entry = journal.find(id.n, id.kind, id.fingerprint)
  if (entry?.ended) {
    run.session.forget(commandId)
    return entry.outcome as UploadOutcome
  }
  check(context, args)
  const upload = entry ? await Upload.known(context, id.n, args) : new Upload(context, args, { id: await run.parts.artifactIds.take(), size: 0, hash: createHash('sha256') })
  const effect = { step: data.number, n: id.n }
  const log = await context.log('stdio')
  if (!entry) {
    await run.write([...log.open(), effectStarted(context, id, log.lines), { kind: 'artifact-opened', id: upload.id, effect, name: args.name, keepSeconds: args.keep }])
    context.signal.throwIfAborted()
  }
  const receive = (output: Output) => {
    const facts = output.log === 'content' ? upload.append(output.content) : [log.append(output.lines, run.mask.lines(upload.heed(output.content), true))]
    commit(context, commandId, output.seq, [...facts, { kind: 'effect-advanced', effect, seq: output.seq }])
  }
  const spec = { kind: 'upload', args: { path: inBuilddir(context, args.path), maxBytes: args.maxBytes } } as const
  const ended = await context.onWorker(new RemoteCommand({ id: commandId, spec, begunBy: entry ? entry.processId : run.session.processId, fromSeq: entry?.seq ?? 0, onOutput: receive }))
  const outcome: UploadOutcome = upload.isTooLarge ? { ok: false, reason: `the worker sent more of ${args.path} than the ${args.maxBytes} bytes that may be sent` } : ended.rc === 0 ? { ok: true, artifact: upload.whole() } : { ok: false, reason: upload.lastWords ?? `the worker did not send ${args.path} (${ended.failureReason ?? ended.rc})` }
  const finished: Fact[] = outcome.ok ? [{ kind: 'artifact-finished', id: upload.id, sha256: outcome.artifact.sha256 }] : []
  commit(context, commandId, ended.seq, [{ kind: 'effect-advanced', effect, seq: ended.seq }, ...finished, effectEnded(context, id.n, outcome)])
  heedTrouble(context, ended)
  return outcome
}

function check({ run }: StepContext, { name }: UploadArgs): void {
  const problem = artifactNameProblem(name)
  if (problem !== null) throw new Error(`an artifact cannot be named ${JSON.stringify(name.slice(0, 200))}: ${problem}`)
  if (!run.session.can.includes('upload')) throw new Error(`the worker ${run.session.name} is of a version that uploads no files: update it`)
}

/** An artifact on its way: what of it is handed over to be committed. */
class Upload {
  readonly id: number
  /** The last line that the worker said beside the content. */
  lastWords: string | null = null
  #size: number
  readonly #hash: Hash
  readonly #context: StepContext
  readonly #args: UploadArgs

  constructor(context: StepContext, args: UploadArgs, { id, size, hash }: { id: number; size: number; hash: Hash }) {
    this.id = id
    this.#context = context
    this.#args = args
    this.#size = size
    this.#hash = hash
  }

  /** As far as a lost engine has brought it. */
  static async known(context: StepContext, n: number, args: UploadArgs): Promise<Upload> {
    const { parts: { db, clock }, data: { ref } } = context.run
    const query = <Row extends object>(sql: string, parameters: unknown[]) => onceReachable(clock, () => db.pool.query<Row>(sql, parameters))
    const { rows: [row] } = await query<{ id: number; size: number }>('SELECT id, size FROM artifacts WHERE build_id = $1 AND step_number = $2 AND effect = $3', [ref.id, context.data.number, n])
    const { id, size } = row!
    const hash = createHash('sha256')
    for (let at = 0; at < size;) {
      const { rows: [chunk] } = await query<{ content: Buffer }>('SELECT content FROM artifact_chunks WHERE artifact_id = $1 AND at = $2', [id, at])
      hash.update(chunk!.content)
      at += chunk!.content.length
    }
    return new Upload(context, args, { id, size, hash })
  }

  /** One byte more than may be is kept, so that whoever goes on knows that there were more. */
  append(given: Uint8Array): Fact[] {
    const content = given.subarray(0, Math.max(0, this.#args.maxBytes + 1 - this.#size))
    if (content.byteLength === 0) return []
    const fact: Fact = { kind: 'artifact-appended', id: this.id, at: this.#size, content }
    this.#hash.update(content)
    this.#size += content.byteLength
    return [fact]
  }

  get isTooLarge(): boolean {
    return this.#size > this.#args.maxBytes
  }

  heed(lines: Uint8Array): Uint8Array {
    const last = Buffer.from(lines).toString('utf8').trimEnd().split('\n').at(-1)?.slice(1)
    this.lastWords = last || this.lastWords
    return lines
  }

  whole(): Uploaded {
    const { run } = this.#context
    const { name } = this.#args
    return { id: this.id, name, bytes: this.#size, sha256: this.#hash.digest('hex'), url: `${run.parts.baseUrl}${artifactPath(run.data.ref.id, name)}` }
  }
}
