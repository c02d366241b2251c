import type { NewChange } from '@yardmaster/db/verbs/add-change'
import { isFunctionRef, isRecord, propertiesFrom, toText, type ChangeData, type FunctionRef, type GitPollerConfig, type Json } from '@yardmaster/domain'
import { PollFailed } from './poll-failed.js'
import type { PollGeneration } from './poll-generation.js'

/** A minute each; the generation has four threads for such. */
const AT_ONCE = 4

type Mapping = { source: Pick<GitPollerConfig, 'category' | 'mapChange' | 'name'>; generation: PollGeneration; signal: AbortSignal }

/** What the user's functions make of changes, in their order. Throws PollFailed, naming the commit, when one of them fails. */
export async function mapChanges(mapping: Mapping, changes: NewChange[]): Promise<NewChange[]> {
  const { source: { category, mapChange }, generation: { threads }, signal } = mapping
  const categorised = !isFunctionRef(category) ? changes : await inTurns(changes, async change => {
    const said = await asked(change, category, () => threads.call(category, { args: [dataOf(change)] }))
    return { ...change, category: said === null ? null : toText(said) }
  })
  if (mapChange === null) return categorised
  const mapped = await inTurns(categorised, async change => {
    const said = await asked(change, mapChange, () => threads.callPatiently(mapChange, { args: [dataOf(change)] }, signal))
    return (Array.isArray(said) ? said : said === null ? [] : [said]).map(item => merged(change, item, mapChange))
  })
  return mapped.flat()
}

async function inTurns<T, U>(items: T[], work: (item: T) => Promise<U>): Promise<U[]> {
  const results: U[] = []
  for (let at = 0; at < items.length; at += AT_ONCE) results.push(...await Promise.all(items.slice(at, at + AT_ONCE).map(work)))
  return results
}

async function asked(change: NewChange, fn: FunctionRef, ask: () => Promise<Json>): Promise<Json> {
  try {
    return await ask()
  } catch (error) {
    throw new PollFailed(`${fn.$fn}, asked about commit ${change.revision} of ${change.branch}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}

/** As a function sees it. */
function dataOf({ author, committer = null, comments, branch, revision, revlink = null, category = null, repository, codebase, project, files, properties, whenAt }: NewChange) {
  return { author, committer, comments, branch, revision, revlink, category, repository, codebase, project, files, properties, when: whenAt.getTime() / 1000 } satisfies ChangeData
}

const isText = (value: Json) => typeof value === 'string'
const isTextOrNull = (value: Json) => value === null || typeof value === 'string'
const fields: { [field: string]: { is: (value: Json) => boolean; expected: string } } = {
  ...Object.fromEntries(['author', 'comments', 'repository', 'codebase', 'project'].map(field => [field, { is: isText, expected: 'a text' }])),
  ...Object.fromEntries(['committer', 'branch', 'revision', 'revlink', 'category'].map(field => [field, { is: isTextOrNull, expected: 'a text or null' }])),
  files: { is: value => Array.isArray(value) && value.every(isText), expected: 'a list of texts' },
  when: { is: value => typeof value === 'number' && value >= 0 && value < 1e11, expected: 'epoch seconds' },
  properties: { is: isRecord, expected: 'properties: a record' },
}

/** What was answered, over what the change is. */
function merged(change: NewChange, said: Json, fn: FunctionRef): NewChange {
  const wrong = (what: string): never => { throw new PollFailed(`${fn.$fn}, asked about commit ${change.revision} of ${change.branch}: ${what}`) }
  if (!isRecord(said)) return wrong('answered with something that is no change')
  for (const [field, value] of Object.entries(said)) {
    const known = fields[field]
    if (!known) wrong(`answered with the unknown field '${field}'; a change has ${Object.keys(fields).join(', ')}`)
    else if (!known.is(value)) wrong(`answered with a wrong ${field}: expected ${known.expected}`)
  }
  const { when, properties, ...same } = said as Partial<Pick<ChangeData, 'when'>> & { properties?: { [name: string]: Json } }
  return { ...change, ...same, ...(when === undefined ? {} : { whenAt: new Date(when * 1000) }), ...(properties === undefined ? {} : { properties: propertiesFrom(properties, 'Change') }) }
}
