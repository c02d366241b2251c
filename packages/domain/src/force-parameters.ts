import type { ForceParameter, ForceScheduler } from './force-config.js'
import { anyWorker, askingFields, isGroup, leavesOf, propertyFields } from './force-fields.js'
import { forceValue } from './force-values.js'
import { toText } from './interpolate.js'
import type { Json } from './json.js'
import { patchProblem } from './patch.js'
import { propertiesFrom } from './properties.js'
import type { Properties } from './properties.js'
import type { Patch, SourceStampData } from './source-stamp.js'

export type ForceValues = { [field: string]: Json }

/** Of a build whose forced properties are taken over. */
export type Inherited = { field: string; builder: string; number: number; text: string }

export type ForceOutcome =
  | { ok: true; reason: string; owner: string; priority: number; properties: Properties; sourcestamps: SourceStampData[]; inherits: Inherited[] }
  /** Message by the full name of the field. */
  | { ok: false; errors: { [field: string]: string } }

type Errors = { [field: string]: string }

/** What properties set by a form say of where they come from. */
export const forcedSource = 'Force Build Form'

/**
 * Checks what somebody filled into a force scheduler's form, with all errors at once and in Buildbot's words.
 * `owner` is who signed in; null (nobody did) asks the form's username instead. Fields that the form does not have are ignored.
 */
export function validateForce(scheduler: Pick<ForceScheduler, 'codebases' | 'parameters' | 'reason' | 'properties'>, values: ForceValues, owner: string | null): ForceOutcome {
  const form = new Filled(values)
  const asking = askingFields(scheduler)
  const reason = form.take(asking.reason)
  const username = owner ?? form.take(asking.username)
  const priority = form.take(asking.priority)
  const sourcestamps = scheduler.codebases.map(parameter => form.sourceStamp(parameter))
  const given = form.takeAll(propertyFields(scheduler))
  if (Object.keys(form.errors).length > 0) return { ok: false, errors: form.errors }

  const properties: Properties = {
    ...propertiesFrom(scheduler.properties, 'Scheduler'),
    ...propertiesFrom({ ...given, reason, owner: username }, forcedSource),
  }
  const told = scheduler.reason.replaceAll('%(owner)s', () => toText(username)).replaceAll('%(reason)s', () => toText(reason))
  return { ok: true, reason: told, owner: toText(username), priority: Number(priority), properties, sourcestamps, inherits: form.inherits }
}

/** And what was changed for a rebuild. */
export const rebuiltSource = 'Rebuild'

/** The worker that a form, or a rebuild, chose for all builds of its buildset; null: any. */
export function chosenWorker(properties: Properties): string | null {
  const chosen = properties['workername']
  return chosen && [forcedSource, rebuiltSource].includes(chosen[1]) && typeof chosen[0] === 'string' && chosen[0] !== '' ? chosen[0] : null
}

/** A form as it was filled in, being read. */
class Filled {
  readonly errors: Errors = {}
  readonly inherits: Inherited[] = []
  constructor(private readonly values: ForceValues) {}

  take(parameter: ForceParameter): Json {
    const answer = forceValue(parameter, Object.hasOwn(this.values, parameter.fullName) ? this.values[parameter.fullName] : undefined)
    if ('value' in answer) return answer.value
    this.errors[parameter.fullName] = answer.error
    return null
  }

  takeAll(parameters: readonly ForceParameter[]): ForceValues {
    const taken: ForceValues = {}
    for (const parameter of parameters) this.takeInto(taken, parameter)
    return taken
  }

  sourceStamp({ codebase, fields, maxsize, ...group }: ForceParameter): SourceStampData {
    this.checkSize({ ...group, fields, maxsize })
    const taken = this.takeAll(fields.filter(field => field.type !== 'patch'))
    const text = (name: string): string => toText(taken[name] ?? null).trim()
    const stamp = { codebase: codebase ?? '', repository: text('repository'), project: text('project'), branch: text('branch') || null, revision: text('revision') || null }
    const patch = fields.filter(field => field.type === 'patch').map(field => this.patch(field)).find(found => found !== null)
    return patch ? { ...stamp, patch } : stamp
  }

  private takeInto(taken: ForceValues, parameter: ForceParameter): void {
    if (parameter.type === 'worker') this.worker(taken, parameter)
    else if (parameter.type === 'inherit') this.inherit(taken, parameter)
    else if (parameter.type === 'any') this.anyProperty(taken, parameter)
    else if (!isGroup(parameter)) taken[parameter.name] = this.take(parameter)
    else {
      this.checkSize(parameter)
      const inner = this.takeAll(parameter.fields)
      if (parameter.name === '') Object.assign(taken, inner)
      else taken[parameter.name] = inner
    }
  }

  private worker(taken: ForceValues, parameter: ForceParameter): void {
    const chosen = this.take(parameter)
    if (chosen !== anyWorker && chosen !== '' && chosen !== null) taken[parameter.name] = chosen
  }

  private inherit(taken: ForceValues, parameter: ForceParameter): void {
    const text = toText(this.take(parameter))
    if (text === '' && !parameter.required) return
    const [, builder, number] = /^(\S.*)\/(\d+)(?: .*)?$/.exec(text) ?? []
    if (builder === undefined || number === undefined) {
      this.errors[parameter.fullName] ??= `bad build: ${text}`
      return
    }
    taken[parameter.name] = `${builder}/${number}`
    this.inherits.push({ field: parameter.fullName, builder, number: Number(number), text })
  }

  private anyProperty(taken: ForceValues, parameter: ForceParameter): void {
    const { name = '', value = '' } = this.takeAll(parameter.fields)
    if (name === '' || name === null) return
    if (typeof name === 'string' && /^[\w.:/-]+$/.test(name) && typeof value === 'string') taken[name] = value
    else this.errors[parameter.fullName] = `bad property name='${toText(name)}', value='${toText(value)}'`
  }

  private patch(parameter: ForceParameter): Patch | null {
    this.checkSize(parameter)
    const given = this.takeAll(parameter.fields)
    const text = (name: string): string => toText(given[name] ?? null)
    if (text('body') === '') return null
    const patch = { body: text('body'), level: Number(given['level'] ?? 1), author: text('author'), comment: text('comment'), subdir: text('subdir') || '.' }
    const problem = patchProblem(patch)
    if (problem) this.errors[[parameter.fullName, problem.field].join('_')] ??= problem.message
    return patch
  }

  private checkSize({ fullName, label, name, fields, maxsize }: Pick<ForceParameter, 'fullName' | 'label' | 'name' | 'fields' | 'maxsize'>): void {
    if (maxsize === null) return
    const size = leavesOf(fields).map(field => toText(this.values[field.fullName] ?? null).length).reduce((sum, length) => sum + length, 0)
    if (size > maxsize) this.errors[fullName] = `${label || name}: is too large ${size} > ${maxsize}`
  }
}

