import type { BasicScheduler, DependentScheduler, SchedulerConfig, TriggerableScheduler } from '@yardmaster/domain'
import { force, tryScheduler } from './asked-schedulers.js'
import { building, built } from './building.js'
import { branchName, changeOptions, filterOf, oneBranch } from './change-options.js'
import { durationOrNone, name } from './leaves.js'
import { byKind, isRecord, list, mapped, orNull, record } from './reader.js'
import type { Reader } from './reader.js'
import { nightly, nightlyTriggerable, periodic } from './timed-schedulers.js'

const basic = { ...building, ...changeOptions, treeStableTimer: durationOrNone(null) }

const singleBranch: Reader<BasicScheduler> = mapped(record({ ...basic, branch: oneBranch }, 'options of schedulers.singleBranch'), ({ branch, ...given }, at) => {
  if (!branch && !given.changeFilter) at.at('branch').wrong({ expected: 'a name of a branch, or null; or a changeFilter beside it', found: 'nothing' })
  return { kind: 'singleBranch', ...built('SingleBranchScheduler', given, at), changeFilter: filterOf(branch && [branch.branch], given.changeFilter, at) }
})

const anyBranch: Reader<BasicScheduler> = mapped(record({ ...basic, branches: orNull(list(branchName, 'a list of names of branches')) }, 'options of schedulers.anyBranch'), ({ branches, ...given }, at) => {
  const names = branches?.map(item => item.branch) ?? null
  return { kind: 'anyBranch', ...built('AnyBranchScheduler', given, at), changeFilter: filterOf(names, given.changeFilter, at) }
})

const triggerable: Reader<TriggerableScheduler> = mapped(record(building, 'options of schedulers.triggerable'), (given, at) => ({ kind: 'triggerable', ...built('Triggerable', given, at) }))

/** That it is there is checked elsewhere. */
const upstream: Reader<string> = (value, at) => name(isRecord(value) && typeof value['$kind'] === 'string' ? value['name'] : value, at)

const dependent: Reader<DependentScheduler> = mapped(record({ ...building, upstream }, 'options of schedulers.dependent'), (given, at) => ({ kind: 'dependent', ...built('Dependent', given, at) }))

export const scheduler: Reader<SchedulerConfig> = byKind<SchedulerConfig>({ singleBranch, anyBranch, force, try: tryScheduler, triggerable, dependent, periodic, nightly, nightlyTriggerable },
  'a scheduler: schedulers.singleBranch(…), schedulers.anyBranch(…), schedulers.force(…), schedulers.nightly(…) and so on')
