import { schedulers, util } from '@yardmaster/config'
import type { ChangeData, SchedulerDeclaration, SchedulingInput } from '@yardmaster/config'
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

const ofMain = built.filter(item => item.branch.name === '3.x')

/** A pull request says by its labels what it is tested with: `test-with fedora-stable`; tier 1 unless it says so. */
function buildersOfPullRequest({ changes }: SchedulingInput): string[] {
  const labels = changes.flatMap(({ properties }) => (Array.isArray(properties['labels']?.[0]) ? properties['labels'][0].map(String) : []))
  const wanted = labels.filter(label => label.startsWith('test-with ')).map(label => label.slice('test-with '.length))
  return ofMain.filter(({ definition }) => (wanted.length > 0 ? wanted.includes(definition.platform) : definition.tier === 1)).map(item => item.name)
}

export const allSchedulers: SchedulerDeclaration[] = [
  ...ofBranches,
  ...branches.map(branch => schedulers.nightly({ name: `${branch.name} nightly`, cron: '0 3 * * *', timeZone: 'Europe/Berlin', onlyIfChanged: true, changeFilter: util.changeFilter({ branch: branch.git }), builders: namesOf(branch.name, true) })),
  schedulers.anyBranch({ name: 'pull requests', changeFilter: util.changeFilter({ category: 'pull' }), fileIsImportant, onlyImportant: true, builders: buildersOfPullRequest, priority: -1 }),
]
