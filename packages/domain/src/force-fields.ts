import type { ForceParameter, ForceScheduler } from './force-config.js'
import type { Json } from './json.js'

/** Names that a force request uses for itself. */
export const reservedForceFields: readonly string[] = ['owner', 'builderNames', 'builderid']

/** What stands for no worker in particular. */
export const anyWorker = '-any-'

/** Characters that a file may have where its parameter does not say: it becomes a property, and those are kept with each build. */
const LARGEST_FILE = 1024 * 1024
/** A patch is kept once, however often it is built. */
export const LARGEST_PATCH = 10 * 1024 * 1024

const groups: readonly ForceParameter['type'][] = ['nested', 'any', 'codebase', 'patch']

/** Whether it has no value of its own, but what it groups has. */
export const isGroup = ({ type }: Pick<ForceParameter, 'type'>): boolean => groups.includes(type)

/** A parameter with Buildbot's defaults. */
export function forceParameter(given: Partial<ForceParameter> & Pick<ForceParameter, 'name' | 'type'>): ForceParameter {
  const { type, name } = given
  return {
    fullName: name, label: name, tablabel: given.label ?? name, tooltip: '', default: type === 'int' ? 0 : type === 'bool' ? false : '', defaultFn: null, required: false, multiline: false,
    hide: type === 'fixed', regex: null, maxsize: type === 'file' ? LARGEST_FILE : null, size: null, cols: null, rows: null, needEmail: type === 'username', choices: [], choicesFn: null, dependsOn: [],
    strict: true, multiple: false, autopopulate: null, layout: 'vertical', columns: null, codebase: null, sourcestampFn: null, problem: null, fields: [], ...given,
  }
}

/** The parameter with the full names of what it groups: `parent_child`, or just `child` below a nameless group. */
export function withFullNames(parameter: ForceParameter, parent = ''): ForceParameter {
  const fullName = [parent, parameter.name].filter(Boolean).join('_')
  return { ...parameter, fullName, fields: parameter.fields.map(field => withFullNames(field, fullName)) }
}

/** Each field that has a value of its own. */
export function leavesOf(parameters: readonly ForceParameter[]): ForceParameter[] {
  return parameters.flatMap(parameter => (isGroup(parameter) ? leavesOf(parameter.fields) : [parameter]))
}

export type CodebaseField = 'branch' | 'revision' | 'repository' | 'project'
export const codebaseFieldNames: readonly CodebaseField[] = ['branch', 'project', 'repository', 'revision']

/** One group per codebase, whose fields make its sourcestamp. A field given as text starts with it, as null is left out. */
export function codebaseParameter(codebase: string, given: { [field in CodebaseField]?: ForceParameter | string | null } = {}, more: Partial<ForceParameter> = {}): ForceParameter {
  const fields = codebaseFieldNames.flatMap(name => {
    const field = given[name]
    if (field === null) return []
    if (typeof field === 'object') return [{ ...field, name }]
    return [forceParameter({ name, type: 'text', label: `${name[0]?.toUpperCase()}${name.slice(1)}:`, default: field ?? '' })]
  })
  return withFullNames(forceParameter({ name: codebase, type: 'codebase', label: codebase ? `Codebase: ${codebase}` : '', codebase, fields, ...more }))
}

/** The fields of a patch, where it does not bring its own. */
export function patchFields(given: readonly ForceParameter[] = []): ForceParameter[] {
  const text = (name: string, value: Json): ForceParameter => forceParameter({ name, type: 'text', default: value })
  const usual = [
    forceParameter({ name: 'body', type: 'file', label: 'File:', maxsize: LARGEST_PATCH }), forceParameter({ name: 'level', type: 'int', default: 1 }), text('author', ''), text('comment', ''), text('subdir', '.'),
  ]
  return usual.map(field => given.find(({ name }) => name === field.name) ?? field)
}

/** username, reason and priority: Buildbot's, unless the scheduler has a parameter of that name. */
export function askingFields(scheduler: Pick<ForceScheduler, 'parameters'>): { username: ForceParameter; reason: ForceParameter; priority: ForceParameter } {
  const given = (name: string): ForceParameter | undefined => scheduler.parameters.find(parameter => parameter.name === name)
  return {
    username: given('username') ?? forceParameter({ name: 'username', type: 'username', label: 'Your name:' }),
    reason: given('reason') ?? forceParameter({ name: 'reason', type: 'text', default: 'force build', size: 20 }),
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
  return [asking, ...scheduler.codebases, ...propertyFields(scheduler)]
}
