import type { ChangeFilterConfig } from '@yardmaster/domain'
import { changeFilter, noFilter } from './change-filter.js'
import { boolean, functionRef } from './leaves.js'
import { leaf, or, orNull } from './reader.js'
import type { Place, Reader } from './reader.js'

/** What schedulers that take changes have. */
export const changeOptions = { changeFilter: orNull(changeFilter), fileIsImportant: orNull(functionRef), onlyImportant: or(boolean, false), createAbsoluteSourceStamps: or(boolean, false) }

export const branchName = leaf('a name of a branch, or null', value => (value === null || (typeof value === 'string' && value !== '') ? { branch: value } : undefined))
/** null: not said. */
export const oneBranch: Reader<{ branch: string | null } | null> = (value, at) => (value === undefined ? null : branchName(value, at))

type Branches = (string | null)[] | null

/** The branches of the scheduler as a condition of its filter: both must agree, so saying both is refused. */
export function filterOf(branches: Branches, filter: ChangeFilterConfig | null, at: Place): ChangeFilterConfig {
  const fields = filter?.fields ?? {}
  if (!branches) return filter ?? noFilter
  if (fields.branch) return at.wrong({ expected: 'the branch in one place', found: 'the branch beside a changeFilter with a branch' })
  return { ...noFilter, ...filter, fields: { ...fields, branch: { eq: branches } } }
}
