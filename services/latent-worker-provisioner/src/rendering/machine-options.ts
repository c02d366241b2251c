import { createHash } from 'node:crypto'
import { dependsOnBuild, render, type BuildView, type Json, type ProviderConfig } from '@yardmaster/domain'
import type { LoadedGeneration } from '@yardmaster/replica'
import type { Random } from '@yardmaster/runtime'
import { createMarks } from './stand-ins.js'

/** What is known of the worker in a machine's options, as `%(worker:NAME)s`. */
const workerFacts = ['name', 'password', 'engine', 'engines', 'engineHost', 'enginePort', 'installation', 'attempt'] as const

export type MachineOptions = {
  /** Rendered, with stand-ins for what only the machine may know: fit for the ledger. */
  options: { [name: string]: Json }
  /** Equal for equal options; null: they depend on no build, so any build may have the machine. */
  fingerprint: string | null
}

type Rendering = { generation: LoadedGeneration; random: Random }

/** A machine's options for a build. Throws when a function or a lookup of theirs fails: no machine can be made of them for this build. */
export async function renderMachineOptions(machine: ProviderConfig['machine'], view: BuildView, { generation, random }: Rendering): Promise<MachineOptions> {
  const marks = createMarks(random.uuid())
  const worker = Object.fromEntries(workerFacts.map(name => [name, marks.mark({ worker: name })]))
  const rendered = await render(machine, { ...view, worker, secret: name => marks.mark({ secret: name }), call: fn => generation.threads.call(fn, { view }) })
  const options = marks.parse(rendered) as { [name: string]: Json }
  return { options, fingerprint: dependsOnBuild(machine) ? fingerprintOf(options) : null }
}

/** A view for options that depend on no build. */
export const noBuild: BuildView = { properties: {}, sourcestamps: {}, build: { id: 0, number: 0, builder: '', worker: '', buildset: 0, buildrequest: 0, reason: '' } }

/** The same for options that say the same, in whatever order. */
function fingerprintOf(options: Json): string {
  return createHash('sha256').update(JSON.stringify(sorted(options))).digest('hex')
}

function sorted(value: Json): Json {
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return value.map(sorted)
  return Object.fromEntries(Object.keys(value).sort().map(key => [key, sorted(value[key]!)]))
}
