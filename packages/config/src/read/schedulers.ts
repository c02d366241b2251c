import type { BasicScheduler, ChangeFilterConfig, SchedulerConfig, TriggerableScheduler } from '@yardmaster/domain'
import { changeFilter, noFilter } from './change-filter.js'
import { force, tryScheduler } from './asked-schedulers.js'
import { anyWholeNumber, boolean, durationOrNone, functionRef, name, properties, text } from './leaves.js'
import { byKind, leaf, list, mapOf, mapped, or, orNull, record } from './reader.js'
import type { Place, Reader } from './reader.js'

/** Names are checked against the builders elsewhere, all at once. */
const builders: Reader<string[]> = mapped(list(name, 'a list of names of builders'), (names, at) =>
  names.length === 0 ? at.wrong({ expected: 'at least one name of a builder', found: 'an empty list' }) : names)

const codebase = record({ repository: text, branch: orNull(text) }, 'a codebase: { repository, branch }')
const codebases = or(mapOf(codebase, 'codebases: a record'), { '': { repository: '', branch: null } })

const branchName = leaf('a name of a branch, or null', value => (value === null || (typeof value === 'string' && value !== '') ? { branch: value } : undefined))

const common = { name, builders, properties: or(properties, {}), priority: or(anyWholeNumber, 0) }
const basic = {
  ...common,
  treeStableTimer: durationOrNone(null), changeFilter: orNull(changeFilter), fileIsImportant: orNull(functionRef), onlyImportant: or(boolean, false), codebases, reason: orNull(text),
}

type Branches = (string | null)[] | null

/** The branches of the scheduler as a condition of its filter: both must agree, so saying both is refused. */
function filterOf(branches: Branches, filter: ChangeFilterConfig | null, at: Place): ChangeFilterConfig {
  const fields = filter?.fields ?? {}
  if (!branches) return filter ?? noFilter
  if (fields.branch) return at.wrong({ expected: 'the branch in one place', found: 'the branch beside a changeFilter with a branch' })
  return { ...noFilter, ...filter, fields: { ...fields, branch: { eq: branches } } }
}

const reasonOf = (kind: string, given: { name: string; reason: string | null }): string =>
  given.reason ?? `The ${kind} scheduler named '${given.name}' triggered this build`

const singleBranch: Reader<BasicScheduler> = mapped(record({ ...basic, branch: (value, at) => (value === undefined ? null : branchName(value, at)) }, 'options of schedulers.singleBranch'), (given, at) => {
  const { branch, ...rest } = given
  if (!branch && !rest.changeFilter) at.at('branch').wrong({ expected: 'a name of a branch, or null; or a changeFilter beside it', found: 'nothing' })
  return { kind: 'singleBranch', ...rest, changeFilter: filterOf(branch ? [branch.branch] : null, rest.changeFilter, at), reason: reasonOf('SingleBranchScheduler', rest) }
})

const anyBranch: Reader<BasicScheduler> = mapped(record({ ...basic, branches: orNull(list(branchName, 'a list of names of branches')) }, 'options of schedulers.anyBranch'), (given, at) => {
  const { branches, ...rest } = given
  const names = branches?.map(item => item.branch) ?? null
  return { kind: 'anyBranch', ...rest, changeFilter: filterOf(names, rest.changeFilter, at), reason: reasonOf('AnyBranchScheduler', rest) }
})

const triggerable: Reader<TriggerableScheduler> = mapped(record({ ...common, codebases, reason: orNull(text) }, 'options of schedulers.triggerable'), given => (
  { kind: 'triggerable', ...given, reason: reasonOf('Triggerable', given) }))

export const scheduler: Reader<SchedulerConfig> = byKind<SchedulerConfig>({ singleBranch, anyBranch, force, try: tryScheduler, triggerable },
  'a scheduler: schedulers.singleBranch(…), schedulers.anyBranch(…), schedulers.force(…), schedulers.try(…) or schedulers.triggerable(…)')
