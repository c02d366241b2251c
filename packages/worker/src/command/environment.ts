import { delimiter } from 'node:path'

/** Marks every process of a command, whatever its session and parent. */
export const MARKER = 'YARD_COMMAND'

/** What commands inherit: the worker's environment without Yardmaster's own settings, its password above all. */
export function inheritedEnvironment(own: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(own).filter(([name]) => !name.startsWith('YARD_')))
}

export type EnvironmentRequest = { inherited: NodeJS.ProcessEnv; env: Record<string, string | null>; workdir: string; command: string }

/** Buildbot's rules: null removes, `${NAME}` is the worker's own value or nothing, PYTHONPATH goes before the worker's own. */
export function commandEnvironment({ inherited, env, workdir, command }: EnvironmentRequest): Record<string, string> {
  const result: Record<string, string> = { PWD: workdir }
  for (const [name, value] of Object.entries(inherited)) if (value !== undefined && name !== 'PWD') result[name] = value
  for (const [name, value] of Object.entries(env)) {
    if (value === null) delete result[name]
    else result[name] = withPythonPath(name, value, inherited).replace(/\$\{(\w+)\}/g, (_all, other: string) => inherited[other] ?? '')
  }
  result[MARKER] = command
  return result
}

function withPythonPath(name: string, value: string, inherited: NodeJS.ProcessEnv): string {
  return name === 'PYTHONPATH' && inherited['PYTHONPATH'] ? `${value}${delimiter}\${PYTHONPATH}` : value
}
