import type { CancellerConfig } from '@yardmaster/domain'
import { changeFilter, noFilter } from './change-filter.js'
import { functionRef, name } from './leaves.js'
import { list, mapped, or, orNull, record } from './reader.js'
import type { Reader } from './reader.js'

const names = mapped(list(name, 'a list of names of builders'), (found, at) => (found.length === 0 ? at.wrong({ expected: 'at least one name of a builder', found: 'an empty list' }) : found))
const filter = or(changeFilter, noFilter)

const oldBuild: Reader<CancellerConfig> = mapped(record({
  name, filters: list(record({ builders: names, filter }, '{ builders, filter }'), 'a list of filters'), branchKey: orNull(functionRef),
}, 'options of util.oldBuildCanceller'), given => ({ kind: 'oldBuild', ...given }))

const failing = record({ buildsTriggeredBy: names, cancelBuilds: orNull(names), filter }, '{ buildsTriggeredBy, cancelBuilds, filter }')
const failingBuildset: Reader<CancellerConfig> = mapped(record({ name, filters: list(failing, 'a list of filters') }, 'options of util.failingBuildsetCanceller'), ({ name: own, filters }) => ({
  kind: 'failingBuildset', name: own, filters: filters.map(({ buildsTriggeredBy, ...rest }) => ({ builders: buildsTriggeredBy, ...rest })),
}))

export const cancellers: { [kind: string]: Reader<CancellerConfig> } = { 'canceller.oldBuild': oldBuild, 'canceller.failingBuildset': failingBuildset }
