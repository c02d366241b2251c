import { noChangeHooks, wwwDefaults, type Configuration, type Json } from '@yardmaster/domain'
import { authzWarnings } from './authz-warnings.js'
import { builder, collapseRequests, project } from './builders.js'
import { hooks } from './change-hooks.js'
import { changeSource } from './change-sources.js'
import { workersList } from './latent-workers.js'
import { functionRef, text } from './leaves.js'
import { lockFindings } from './locks.js'
import { attempt, list, mapped, or, orNull, Place, record } from './reader.js'
import type { Finding, Reader } from './reader.js'
import { referenceFindings } from './references.js'
import { scheduler } from './schedulers.js'
import { serviceList } from './services.js'
import { www } from './www.js'

const whole: Reader<Configuration> = mapped(record({
  title: or(text, 'Yardmaster'),
  titleURL: orNull(text),
  projects: or(list(project, 'a list of projects'), []),
  workers: workersList,
  builders: list(builder, 'a list of builders'),
  prioritizeBuilders: orNull(functionRef),
  collapseRequests: or(collapseRequests, true),
  schedulers: or(list(scheduler, 'a list of schedulers'), []),
  changeSources: or(list(changeSource, 'a list of change sources'), []),
  changeHooks: or(hooks, noChangeHooks),
  services: or(serviceList, []),
  www: or(www, wwwDefaults),
}, 'a configuration: export default defineConfig({ … })'), ({ workers: { workers, pools }, services, collapseRequests: byDefault, ...given }) => ({
  ...given, workers, pools, reporters: services.flatMap(item => item.reporter ?? []), cancellers: services.flatMap(item => item.canceller ?? []), builders: given.builders.map(named => ({ ...named, collapseRequests: named.collapseRequests ?? byDefault, workers: [...new Set(named.workers.flatMap(name => pools.find(pool => pool.name === name)?.workers ?? [name]))] })),
}))

/** Reads a described configuration whole: every finding at once, of single values and of what refers to what. With a configuration they are warnings. */
export function readConfiguration(tree: Json): { configuration: Configuration | null; findings: Finding[] } {
  const findings: Finding[] = []
  const read = attempt(() => whole(tree, new Place([], findings)))
  findings.push(...referenceFindings(tree), ...lockFindings(read?.value.builders ?? []), ...(read ? authzWarnings(read.value) : []))
  return { configuration: read && findings.every(finding => finding.warning) ? read.value : null, findings }
}
