import { schedulers, util } from '@yardmaster/config'
import type { ChangeData, SchedulerDeclaration } from '@yardmaster/config'
import { branches } from './branches.js'
import { built } from './builders.js'

const documentation = /^(Doc|Misc\/NEWS)\//

/** Prose is not built. */
const fileIsImportant = (change: ChangeData): boolean => change.files.length === 0 || change.files.some(file => !documentation.test(file))

const namesOf = (branch: string, slow: boolean): string[] => built.filter(item => item.branch.name === branch && item.definition.factory.slow === slow).map(item => item.name)

const ofBranches: SchedulerDeclaration[] = branches.flatMap(branch => [
  schedulers.singleBranch({ name: branch.name, changeFilter: util.changeFilter({ branch: branch.git, category: null }), treeStableTimer: '30s', fileIsImportant, builders: namesOf(branch.name, false) }),
  schedulers.singleBranch({ name: `${branch.name} slow`, changeFilter: util.changeFilter({ branch: branch.git, category: null }), treeStableTimer: '1h', fileIsImportant, onlyImportant: true, builders: namesOf(branch.name, true) }),
  schedulers.force({
    name: `force-${branch.name}`.replaceAll('.', '-'), builders: [...namesOf(branch.name, false), ...namesOf(branch.name, true)],
    parameters: [util.stringParameter({ name: 'test_options', label: 'Options for the tests', default: '', maxsize: 500 }), util.booleanParameter({ name: 'keep', label: 'Keep the folder', default: false })],
  }),
])

/** A pull request says by its label what it wants to be tested with: `buildbot tier-1`, `buildbot fedora-stable`. */
const wantsTests = (change: ChangeData): boolean => change.category === 'pull' && change.files.some(file => !documentation.test(file))

export const allSchedulers: SchedulerDeclaration[] = [
  ...ofBranches,
  schedulers.anyBranch({ name: 'pull requests', changeFilter: util.changeFilter({ filterFn: wantsTests }), builders: built.filter(item => item.branch.name === '3.x' && item.definition.tier === 1).map(item => item.name) }),
]
