import type { StepEffectArgs, TestResultArgs, TestResultSetArgs } from '@yardmaster/domain'
import type { TestResultOptions, TestResultSetOptions } from '../vocabulary/test-results.js'
import { text } from './step-arguments.js'

const MOST_DATA_BYTES = 8 * 1024 * 1024
const MOST_RESULTS = 50_000
const MOST_TEXT = 4_096
/** Of a set, as JSON: it is written in one piece, while every other build of the engine waits. */
const MOST_SET_BYTES = 8 * 1024 * 1024
/** What a path of REST can name. */
const dataName = /^[a-zA-Z_-][a-zA-Z0-9._-]{0,255}$/

/** Throws when the name could not be asked for, or the value is neither text nor bytes, or too large. */
export function buildDataArgs(name: string, value: string | Uint8Array, source: string): StepEffectArgs['buildData'] {
  if (typeof name !== 'string' || !dataName.test(name)) throw new Error(`ctx.setBuildData: name is ${JSON.stringify(name)}, expected at most 256 letters, digits, '.', '_' or '-', beginning with none of digits and '.'`)
  if (typeof value !== 'string' && !(value instanceof Uint8Array)) throw new Error(`ctx.setBuildData('${name}'): the value is ${JSON.stringify(value) ?? 'nothing'}, expected a text or bytes (Uint8Array)`)
  const bytes = Buffer.byteLength(value)
  if (bytes > MOST_DATA_BYTES) throw new Error(`ctx.setBuildData('${name}'): the value has ${bytes} bytes, expected at most ${MOST_DATA_BYTES}: keep what is larger as an artifact (ctx.upload)`)
  const isText = typeof value === 'string'
  return { name, value: isText ? value : Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64'), encoding: isText ? 'utf8' : 'base64', source: text(source, 'ctx.setBuildData: source') }
}

/** Throws when something is not what it must be, and says which of the results. */
export function testResultSetArgs({ description, category = 'pass_fail', valueUnit = 'boolean', results }: TestResultSetOptions): TestResultSetArgs {
  if (!Array.isArray(results)) throw new Error('ctx.addTestResultSet: results is no list, expected one of { value, name, … }')
  if (results.length > MOST_RESULTS) throw new Error(`ctx.addTestResultSet: there are ${results.length} results, expected at most ${MOST_RESULTS}: tell them in several sets`)
  const set = {
    description: optional(description, 'ctx.addTestResultSet: description'), category: text(category, 'ctx.addTestResultSet: category'), valueUnit: text(valueUnit, 'ctx.addTestResultSet: valueUnit'),
    results: (results as readonly TestResultOptions[]).map((result, index) => testResult(result, `ctx.addTestResultSet: results[${index}]`)),
  }
  const bytes = Buffer.byteLength(JSON.stringify(set))
  if (bytes > MOST_SET_BYTES) throw new Error(`ctx.addTestResultSet: the results have ${bytes} bytes, expected at most ${MOST_SET_BYTES}: tell them in several sets`)
  return set
}

function testResult({ name, codePath, line, duration, value }: TestResultOptions, what: string): TestResultArgs {
  if (!['string', 'number', 'boolean'].includes(typeof value)) throw new Error(`${what}.value is ${JSON.stringify(value) ?? 'nothing'}, expected a text, number or boolean`)
  return {
    name: optional(name, `${what}.name`), codePath: optional(codePath, `${what}.codePath`), line: whole(line ?? null, `${what}.line`, 2 ** 31 - 1),
    durationNs: whole(duration === undefined ? null : Math.round(duration * 1e9), `${what}.duration`, Number.MAX_SAFE_INTEGER), value: typeof value === 'boolean' ? String(Number(value)) : String(value).slice(0, MOST_TEXT),
  }
}

function optional(value: string | undefined, what: string): string | null {
  return value === undefined ? null : text(value, what).slice(0, MOST_TEXT)
}

function whole(value: number | null, what: string, most: number): number | null {
  if (value === null || (Number.isSafeInteger(value) && value >= 0 && value <= most)) return value
  throw new Error(`${what} is ${JSON.stringify(value)}, expected a number from 0 to ${most}`)
}
