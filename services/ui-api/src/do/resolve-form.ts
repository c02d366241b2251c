import { anyWorker, type ForceParameter, type ForceScheduler, type ForceValues, type FunctionRef, type Json } from '@yardmaster/domain'
import type { ActiveGeneration, Deps } from '../deps.js'
import { askForm, type FormAnswer } from './form-answers.js'

export type FormAsked = {
  generation: Pick<ActiveGeneration, 'threads'>
  scheduler: ForceScheduler
  /** Whose form it is; null: that of all builders of the scheduler. */
  builder: string | null
  values: ForceValues
  /** Filled in for good: what was left out needs no choices, and what was filled in no default. */
  filled?: boolean
  /** For all functions together. */
  patienceMs: number
}

type Means = Pick<Deps, 'db' | 'clock'>

/** The form with what its functions say and the workers that there are. What could not be had is told in the field, and the rest is there. */
export async function resolveForm(deps: Means, asked: FormAsked): Promise<ForceScheduler> {
  const { scheduler, builder } = asked
  const all = [...scheduler.codebases, ...scheduler.parameters]
  const workers = some(all, ({ type }) => type === 'worker') ? await workersOf(deps, builder === null ? scheduler.builders : [builder]) : []
  const resolve = (parameters: ForceParameter[]): Promise<ForceParameter[]> => Promise.all(parameters.map(async parameter => (
    parameter.fields.length > 0 ? { ...parameter, fields: await resolve(parameter.fields) } : resolveField(deps, asked, parameter, workers))))
  const [codebases, parameters] = await Promise.all([resolve(scheduler.codebases), resolve(scheduler.parameters)])
  return { ...scheduler, codebases, parameters }
}

const some = (parameters: readonly ForceParameter[], test: (parameter: ForceParameter) => boolean): boolean => parameters.some(parameter => test(parameter) || some(parameter.fields, test))

async function resolveField({ clock }: Means, { generation, builder, values, filled = false, patienceMs }: FormAsked, parameter: ForceParameter, workers: string[]): Promise<ForceParameter> {
  if (parameter.type === 'worker') return { ...parameter, choices: [anyWorker, ...workers], default: parameter.default === '' ? anyWorker : parameter.default }
  const given = [values[parameter.fullName] ?? ''].flat().some(item => item !== '')
  const choicesFn = filled && !(given && parameter.strict) ? null : parameter.choicesFn
  const defaultFn = filled && given ? null : parameter.defaultFn
  if (!choicesFn && !defaultFn) return parameter
  const context = { builder, values: Object.fromEntries(parameter.dependsOn.map(field => [field, values[field] ?? null])) }
  const ask = async (fn: FunctionRef | null): Promise<FormAnswer | null> => (fn ? askForm(generation, clock, { fn, context, patienceMs }) : null)
  const [choices, otherwise] = await Promise.all([ask(choicesFn), ask(defaultFn)])
  return withDefault(withChoices(parameter, choices), otherwise)
}

function withChoices(parameter: ForceParameter, answer: FormAnswer | null): ForceParameter {
  if (!answer) return parameter
  if ('problem' in answer) return { ...parameter, problem: `its choices are not known: ${answer.problem}` }
  const { value } = answer
  if (!Array.isArray(value) || !value.every(item => typeof item === 'string')) return { ...parameter, problem: `its choices are not known: expected a list of texts, found ${JSON.stringify(value).slice(0, 200)}` }
  return { ...parameter, choices: value }
}

function withDefault(parameter: ForceParameter, answer: FormAnswer | null): ForceParameter {
  if (!answer) return parameter
  const problem = 'problem' in answer ? answer.problem : suits(parameter, answer.value) ? null : `expected another type, found ${JSON.stringify(answer.value).slice(0, 200)}`
  if (problem !== null || !('value' in answer)) return { ...parameter, problem: parameter.problem ?? `its default is not known: ${problem}` }
  return { ...parameter, default: answer.value }
}

function suits({ type, multiple }: ForceParameter, value: Json): boolean {
  if (type === 'int') return Number.isSafeInteger(value)
  if (type === 'bool') return typeof value === 'boolean'
  return typeof value === 'string' || (multiple && Array.isArray(value) && value.every(item => typeof item === 'string'))
}

async function workersOf({ db }: Means, builders: readonly string[]): Promise<string[]> {
  const { rows } = await db.pool.query<{ name: string }>(
    `SELECT DISTINCT w.name FROM builders b JOIN builder_workers g ON g.builder_id = b.id JOIN workers w ON w.id = g.worker_id AND w.active WHERE b.active AND b.name = ANY($1) ORDER BY w.name`, [builders])
  return rows.map(row => row.name)
}
