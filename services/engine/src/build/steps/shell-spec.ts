import { posix } from 'node:path'
import type { CommandSpec } from '@yardmaster/worker-protocol'
import type { Json, Renderable, ShellOptions } from '@yardmaster/domain'
import type { StepContext } from '../step-context.js'

export type ShellRequest = ShellOptions & { command: Renderable; logfiles?: { [name: string]: Renderable } }

export type ShellSpec = Extract<CommandSpec, { kind: 'shell' }>

/** The shell command that a step asks for, rendered: the builder's environment below the step's own. */
export async function shellSpec(context: StepContext, request: ShellRequest): Promise<ShellSpec> {
  const command = await context.render(request.command)
  const env = { ...environment(await context.render(context.run.data.builder.env), 'env of the builder'), ...environment(await context.render(request.env), 'env') }
  const logfiles = Object.entries(object(await context.render(request.logfiles ?? {})))
  return {
    kind: 'shell',
    args: {
      ...(typeof command === 'string' ? { command } : { argv: words(command) }),
      env,
      workdir: inBuilddir(context, text(await context.render(request.workdir), 'workdir')),
      timeout: request.timeout,
      maxTime: request.maxTime,
      sigtermTime: null,
      logfiles: Object.fromEntries(logfiles.map(([name, file]) => [name, logfile(file)])),
      usePTY: request.usePTY,
      logEnviron: request.logEnviron,
      initialStdin: null,
    },
  }
}

/** A path of the step, below the builder's folder on the worker. */
export function inBuilddir(context: StepContext, path: string): string {
  return posix.join(context.run.data.builder.builddir, path)
}

export function text(value: Json, what: string): string {
  if (typeof value === 'string') return value
  throw new Error(`${what} rendered to ${JSON.stringify(value)}, but must be a text`)
}

/** Nested lists are flattened, as in Buildbot; numbers become texts. */
function words(command: Json): string[] {
  if (typeof command === 'string' || typeof command === 'number') return [String(command)]
  if (Array.isArray(command) && command.length > 0) return command.flatMap(words)
  throw new Error(`command rendered to ${JSON.stringify(command)}, but must be a text or a list of texts`)
}

function environment(value: Json, what: string): { [name: string]: string | null } {
  return Object.fromEntries(Object.entries(object(value)).map(([name, item]) => {
    // Buildbot joins a list as a search path.
    if (Array.isArray(item)) return [name, item.map(String).join(':')]
    if (item === null || typeof item === 'string') return [name, item]
    if (typeof item === 'number' || typeof item === 'boolean') return [name, String(item)]
    throw new Error(`${what}: ${name} rendered to ${JSON.stringify(item)}, but must be a text`)
  }))
}

function logfile(value: Json): { filename: string; follow: boolean } {
  if (typeof value === 'string') return { filename: value, follow: false }
  const { filename, follow } = object(value)
  return { filename: text(filename ?? null, 'logfile'), follow: follow === true }
}

function object(value: Json): { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
}
