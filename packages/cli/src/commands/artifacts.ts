import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { posix } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Artifact } from '@yardmaster/rest'
import type { Command } from 'commander'
import type { Context } from '../context.js'
import { messageOf, Problem } from '../problem.js'
import { duration } from '../render.js'
import type { Remote } from '../remote.js'
import { findBuild } from '../resources.js'
import { printTable } from './listing.js'
import { remoteFor, withRemote, type RemoteOptions } from './remote-options.js'

type ArtifactOptions = RemoteOptions & { output?: string }

export function addArtifacts(program: Command, context: Context): void {
  withRemote(program.command('artifacts').description('list the files that a build has uploaded, or fetch one')
    .argument('<build>', 'its id, BUILDER/NUMBER, or "last"').argument('[name]', 'fetch this one'))
    .option('-o, --output <file>', 'where it is written; by its own name in this folder unless said')
    .addHelpText('after', '\nExamples:\n  $ yard artifacts hello/12\n  $ yard artifacts last dist/app.tar.gz -o app.tar.gz\n')
    .action(async (reference: string, name: string | undefined, options: ArtifactOptions) => {
      const remote = remoteFor(options, context)
      const { buildid } = await findBuild(remote, reference)
      const artifacts = await remote.yard(client => client.artifacts(buildid))
      if (name !== undefined) return fetchOne(remote, { context, options, artifact: named(artifacts, buildid, name) })
      if (options.json) return context.print(JSON.stringify(artifacts))
      if (artifacts.length === 0) return context.print(`build ${buildid} has no artifacts`)
      printTable(context, ['NAME', 'BYTES', 'STEP', 'KEPT FOR'], artifacts.map(({ name: own, size, step, expiresAt }) => [own, String(size), step.name, expiresAt === null ? '-' : duration(expiresAt - context.clock.now() / 1000)]))
    })
}

function named(artifacts: readonly Artifact[], buildid: number, name: string): Artifact {
  const found = artifacts.find(artifact => artifact.name === name)
  if (found) return found
  throw new Problem(`build ${buildid} has no artifact ${JSON.stringify(name)}; ${artifacts.length === 0 ? 'it has none' : `it has: ${artifacts.map(artifact => artifact.name).join(', ')}`}`)
}

/** What is written is whole and has the right digest, or is not there. */
async function fetchOne(remote: Remote, { context, options, artifact }: { context: Context; options: ArtifactOptions; artifact: Artifact }): Promise<void> {
  const { buildid, name, size, sha256 } = artifact
  const file = options.output ?? posix.basename(name)
  const part = `${file}.part`
  const response = await remote.yard(client => client.artifact(buildid, name))
  const hash = createHash('sha256')
  try {
    await pipeline(Readable.from(response.body ?? []), async function* (pieces: AsyncIterable<Uint8Array>) {
      for await (const piece of pieces) {
        hash.update(piece)
        yield piece
      }
    }, createWriteStream(part))
    if (hash.digest('hex') !== sha256) throw new Error('what came is not what was uploaded')
    await rename(part, file)
  } catch (error) {
    await rm(part, { force: true })
    throw new Problem(`${name} could not be fetched into ${file}: ${messageOf(error)}`, { cause: error })
  }
  context.print(`${file}: ${size} bytes`)
}
