import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Configuration, Json } from '@yardmaster/domain'
import type { Message } from 'esbuild'
import { isRecord } from '../read/reader.js'
import type { Finding, Path } from '../read/reader.js'
import { readConfiguration } from '../read/configuration.js'
import { bundleConfiguration } from './bundle.js'
import type { Bundle } from './bundle.js'
import { evaluate } from './evaluate.js'
import type { Timer } from './evaluate.js'
import { locate } from './locate.js'
import type { ConfigurationProblem } from './problems.js'
import { SourcePositions } from './source-positions.js'

export type CheckOutcome =
  | { ok: true; configuration: Configuration; bundle: Bundle; warnings: ConfigurationProblem[] }
  | { ok: false; errors: ConfigurationProblem[] }

/**
 * Bundles, runs (in a thread) and checks a configuration file: the whole configuration, or every problem that it has. Does not throw.
 * `timer` is the clock's setTimeout: it bounds how long the file may take to load.
 */
export async function checkConfiguration(file: string, timer: Timer, deadlineMs = 10_000): Promise<CheckOutcome> {
  const whole = (expected: string, found: string, message: string): CheckOutcome => ({ ok: false, errors: [{ file, path: '', expected, found, message }] })
  if (!existsSync(file)) return whole('a configuration file', 'nothing', `there is no file ${file}: write one, or name another with -c`)
  const bundled = await tryToBundle(file)
  if (!('code' in bundled)) return { ok: false, errors: bundled.errors }
  const positions = new SourcePositions(bundled.code)
  const evaluation = await evaluate(bundled, { timer, deadlineMs })
  if ('failed' in evaluation) return whole('a configuration that loads', 'none', `the configuration ${evaluation.failed}`)
  if ('thrown' in evaluation) return { ok: false, errors: [thrownProblem(file, evaluation.thrown, positions)] }
  if (evaluation.tree === null) return whole('export default defineConfig({ … })', 'no default export', 'the file has no default export: write export default defineConfig({ … })')
  const { configuration, findings } = readConfiguration(evaluation.tree)
  const told = (some: Finding[]) => inOrder(some.map(finding => problemOf(file, finding, { tree: evaluation.tree, positions })))
  if (configuration === null) return { ok: false, errors: told(findings.filter(finding => !finding.warning)) }
  return { ok: true, configuration, bundle: bundled, warnings: told(findings) }
}

async function tryToBundle(file: string): Promise<Bundle | { errors: ConfigurationProblem[] }> {
  try {
    return await bundleConfiguration(file)
  } catch (error) {
    const messages = error instanceof Error && 'errors' in error && Array.isArray(error.errors) ? (error.errors as Message[]) : []
    if (messages.length === 0) throw error
    return { errors: messages.map(message => syntaxProblem(file, message)) }
  }
}

function syntaxProblem(file: string, { text, location }: Message): ConfigurationProblem {
  const place = location ? { file: join(dirname(file), location.file), line: location.line, column: location.column + 1 } : { file }
  return { ...place, path: '', expected: 'TypeScript that can be bundled', found: location?.lineText.trim() ?? '', message: text }
}

function thrownProblem(file: string, thrown: { message: string; stack: string }, positions: SourcePositions): ConfigurationProblem {
  const position = positions.first(thrown.stack)
  const place = position ? { ...position, file: join(dirname(file), position.file) } : { file }
  return { ...place, path: '', expected: 'a configuration that loads', found: thrown.message, message: `loading failed: ${thrown.message}` }
}

function problemOf(file: string, finding: Finding, { tree, positions }: { tree: Json; positions: SourcePositions }): ConfigurationProblem {
  const position = locate(finding, tree, positions)
  const place = position ? { ...position, file: join(dirname(file), position.file) } : { file }
  const { expected, found, nearest } = finding
  const message = `${ownerOf(finding.path, tree)}${finding.message}`
  return { ...place, path: pathText(finding.path), expected, found, ...(nearest === undefined ? {} : { nearest }), message }
}

/** `builders[1].steps[0].env.PATH` */
function pathText(path: Path): string {
  return path.map((key, index) => {
    if (typeof key === 'number') return `[${key}]`
    return /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(key) ? `${index > 0 ? '.' : ''}${key}` : `['${key}']`
  }).join('')
}

/** "builder 'hello', step 'test': " for what is in that step. */
function ownerOf(path: Path, tree: Json): string {
  const owners: string[] = []
  let value: Json | undefined = tree
  for (const [index, key] of path.entries()) {
    value = Array.isArray(value) ? value[Number(key)] : isRecord(value) ? value[String(key)] : undefined
    const list = path[index - 1]
    const name = isRecord(value) ? value['name'] : undefined
    if (typeof key === 'number' && typeof list === 'string' && typeof name === 'string') owners.push(`${singular[list] ?? list} '${name}'`)
  }
  return owners.length > 0 ? `${owners.join(', ')}: ` : ''
}

const singular: { readonly [list: string]: string } = {
  builders: 'builder', steps: 'step', workers: 'worker', schedulers: 'scheduler', changeSources: 'change source', projects: 'project', parameters: 'parameter', fields: 'parameter', services: 'service', generators: 'generator',
}

function inOrder(problems: ConfigurationProblem[]): ConfigurationProblem[] {
  return problems.sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0)))
}
