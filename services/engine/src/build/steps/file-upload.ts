import { createHash } from 'node:crypto'
import { posix } from 'node:path'
import { FAILURE, SKIPPED, SUCCESS, type FileUploadStep, type Result, type UploadArgs } from '@yardmaster/domain'
import { performUpload } from '../effects/upload.js'
import type { StepContext } from '../step-context.js'
import { inBuilddir, text } from './shell-spec.js'

/** What one step uploads at most: more belongs into an archive. */
const MOST_FILES = 1_000
/** Folders among them. */
const MOST_FOUND = 2_000

/** Sends files of the worker to the installation, as artifacts of the build. */
export async function runFileUpload(context: StepContext, config: FileUploadStep): Promise<Result> {
  const files = await filesOf(context, config)
  if (files.length > MOST_FILES) throw new Error(`${files.length} files are more than the ${MOST_FILES} that one step uploads: put them into an archive`)
  let bytes = 0
  for (const { path, name } of files) {
    const args: UploadArgs = { path, name, maxBytes: config.maxsize, keep: config.keep }
    const outcome = await performUpload(context, { n: context.journal.nextNumber(), kind: 'upload', fingerprint: createHash('sha256').update(JSON.stringify(args)).digest('hex') }, args)
    if (!outcome.ok) {
      context.summary = `not uploaded: ${outcome.reason}`.slice(0, 200)
      return FAILURE
    }
    bytes += outcome.artifact.bytes
    context.atEnd([context.addUrl(name, outcome.artifact.url)])
  }
  context.summary = files.length === 0 ? 'no file to upload' : `uploaded ${files.length === 1 ? files[0]!.name : `${files.length} files`} (${bytes} bytes)`
  return files.length === 0 ? SKIPPED : SUCCESS
}

/** Which, and the names of their artifacts. */
async function filesOf(context: StepContext, { workersrcs, masterdest, workdir, several, glob }: FileUploadStep): Promise<{ path: string; name: string }[]> {
  const folder = text(await context.render(workdir), 'workdir')
  const sources = await Promise.all(workersrcs.map(async source => text(await context.render(source), 'workersrc')))
  const given = masterdest === null ? null : text(await context.render(masterdest), 'masterdest')
  const paths = glob ? [...new Set((await Promise.all(sources.map(source => matching(context, folder, source)))).flat())] : sources
  return paths.map(path => ({ path: posix.join(folder, path), name: several ? posix.join(given ?? '.', path) : given ?? posix.basename(path) }))
}

/** Relative to the folder. */
async function matching(context: StepContext, folder: string, pattern: string): Promise<string[]> {
  const { rc, result } = await context.command({ kind: 'glob', args: { path: inBuilddir(context, posix.join(folder, pattern)) } })
  if (rc !== 0 || !Array.isArray(result)) throw new Error(`the worker could not look for ${pattern}`)
  if (result.length > MOST_FOUND) throw new Error(`${pattern} matches more than ${MOST_FOUND} names: put what is to be uploaded into an archive`)
  const found = result.map(String)
  const files = await Promise.all(found.map(path => isFile(context, path)))
  return found.filter((_, at) => files[at]).map(path => posix.relative(inBuilddir(context, folder), path))
}

const [TYPE, REGULAR] = [0o170000, 0o100000]

/** Patterns match folders as well. `path` is the worker's. */
async function isFile(context: StepContext, path: string): Promise<boolean> {
  const { result } = await context.command({ kind: 'stat', args: { path } })
  return Array.isArray(result) && (Number(result[0]) & TYPE) === REGULAR
}
