import type { ForceParameter, ForceScheduler } from './force-config.js'

/** Names that a force request uses for itself. */
export const reservedForceFields: readonly string[] = ['owner', 'builderNames', 'builderid']

/** A parameter with Buildbot's defaults. */
export function forceParameter(given: Partial<ForceParameter> & Pick<ForceParameter, 'name' | 'type'>): ForceParameter {
  return {
    fullName: given.name, label: given.name, default: given.type === 'int' ? 0 : given.type === 'bool' ? false : '', required: false, multiline: false,
    hide: given.type === 'fixed', regex: null, maxsize: null, choices: [], strict: true, multiple: false, fields: [], ...given,
  }
}

/** The parameter with the full names of what it groups: `parent_child`, or just `child` below a nameless group. */
export function withFullNames(parameter: ForceParameter, parent = ''): ForceParameter {
  const fullName = [parent, parameter.name].filter(Boolean).join('_')
  return { ...parameter, fullName, fields: parameter.fields.map(field => withFullNames(field, fullName)) }
}

/** One group per codebase, whose fields make its source stamp. */
export function codebaseFields(scheduler: Pick<ForceScheduler, 'codebases'>): { codebase: string; parameter: ForceParameter }[] {
  return Object.entries(scheduler.codebases).map(([codebase, { repository, branch }]) => {
    const text = (name: string, value: string): ForceParameter =>
      forceParameter({ name, type: 'text', label: `${name[0]?.toUpperCase()}${name.slice(1)}:`, default: value })
    const fields = [text('branch', branch ?? ''), text('project', ''), text('repository', repository), text('revision', '')]
    const label = codebase ? `Codebase: ${codebase}` : ''
    return { codebase, parameter: withFullNames(forceParameter({ name: codebase, type: 'nested', label, fields })) }
  })
}

/** username, reason and priority: Buildbot's, unless the scheduler has a parameter of that name. */
export function askingFields(scheduler: Pick<ForceScheduler, 'parameters'>): { username: ForceParameter; reason: ForceParameter; priority: ForceParameter } {
  const given = (name: string): ForceParameter | undefined => scheduler.parameters.find(parameter => parameter.name === name)
  return {
    username: given('username') ?? forceParameter({ name: 'username', type: 'username', label: 'Your name:' }),
    reason: given('reason') ?? forceParameter({ name: 'reason', type: 'text', default: 'force build' }),
    priority: given('priority') ?? forceParameter({ name: 'priority', type: 'int' }),
  }
}

/** The parameters that become properties. */
export function propertyFields(scheduler: Pick<ForceScheduler, 'parameters'>): ForceParameter[] {
  return scheduler.parameters.filter(parameter => !['username', 'reason', 'priority'].includes(parameter.name))
}

/** The whole form, as Buildbot's `all_fields`: who and why, then the codebases, then the scheduler's own parameters. */
export function forceFields(scheduler: Pick<ForceScheduler, 'codebases' | 'parameters'>): ForceParameter[] {
  const { username, reason, priority } = askingFields(scheduler)
  const asking = forceParameter({ name: '', type: 'nested', label: '', fields: [username, reason, priority] })
  return [asking, ...codebaseFields(scheduler).map(entry => entry.parameter), ...propertyFields(scheduler)]
}
