import type { ChangeHooksConfig, Configuration, Json } from '@yardmaster/domain'
import { builder, project } from './builders.js'
import { workersList } from './latent-workers.js'
import { boolean, functionRef, text, textOrSecret } from './leaves.js'
import { lockFindings } from './locks.js'
import { attempt, byKind, list, mapped, or, orNull, Place, record } from './reader.js'
import type { Finding, Reader } from './reader.js'
import { referenceFindings } from './references.js'
import { changeSource, scheduler } from './schedulers.js'

const hook: Reader<Partial<ChangeHooksConfig>> = byKind<Partial<ChangeHooksConfig>>({
  'hook.base': mapped(record({ secret: orNull(textOrSecret) }, 'options of changeHooks.base'), base => ({ base })),
  'hook.github': mapped(record({ secret: orNull(textOrSecret), strict: orNull(boolean), codebase: or(text, '') }, 'options of changeHooks.github'), (github, at) => {
    if (github.strict && github.secret === null) at.at('secret').wrong({ expected: 'a secret, because strict is true', found: 'nothing' })
    return { github: { ...github, strict: github.strict ?? github.secret !== null } }
  }),
}, 'a change hook: changeHooks.base(…) or changeHooks.github(…)')

const hooks: Reader<ChangeHooksConfig> = mapped(list(hook, 'a list of change hooks'), (given, at) => {
  const kinds = given.flatMap(item => Object.keys(item))
  const twice = kinds.findIndex((kind, index) => kinds.indexOf(kind) !== index)
  if (twice >= 0) at.at(twice).wrong({ expected: 'each change hook once', found: `a second changeHooks.${kinds[twice]}` })
  return Object.assign({ base: null, github: null }, ...given)
})

const whole: Reader<Configuration> = mapped(record({
  title: or(text, 'Yardmaster'),
  titleURL: orNull(text),
  projects: or(list(project, 'a list of projects'), []),
  workers: workersList,
  builders: list(builder, 'a list of builders'),
  prioritizeBuilders: orNull(functionRef),
  schedulers: or(list(scheduler, 'a list of schedulers'), []),
  changeSources: or(list(changeSource, 'a list of change sources'), []),
  changeHooks: or(hooks, { base: null, github: null }),
}, 'a configuration: export default defineConfig({ … })'), ({ workers: { workers, pools }, ...given }) => ({
  ...given, workers, pools, builders: given.builders.map(named => ({ ...named, workers: [...new Set(named.workers.flatMap(name => pools.find(pool => pool.name === name)?.workers ?? [name]))] })),
}))

/** Reads a described configuration whole: every finding at once, of single values and of what refers to what. With a configuration they are warnings. */
export function readConfiguration(tree: Json): { configuration: Configuration | null; findings: Finding[] } {
  const findings: Finding[] = []
  const read = attempt(() => whole(tree, new Place([], findings)))
  findings.push(...referenceFindings(tree), ...lockFindings(read?.value.builders ?? []))
  return { configuration: read && findings.every(finding => finding.warning) ? read.value : null, findings }
}
