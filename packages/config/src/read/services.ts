import type { CancellerConfig, ReporterConfig } from '@yardmaster/domain'
import { cancellers } from './cancellers.js'
import { byKind, list, mapped } from './reader.js'
import type { Reader } from './reader.js'
import { reporterReaders } from './reporters.js'

export type Service = { reporter: ReporterConfig; canceller?: never } | { canceller: CancellerConfig; reporter?: never }

const cancellerReaders = Object.fromEntries(Object.entries(cancellers).map(([kind, read]): [string, Reader<Service>] => [kind, mapped(read, canceller => ({ canceller }))]))

/** One of `services`. */
const service: Reader<Service> = byKind<Service>({ ...reporterReaders, ...cancellerReaders }, 'a reporter (reporters.mail(…) and so on), util.oldBuildCanceller(…) or util.failingBuildsetCanceller(…)')

/** What becomes of a message is kept under its reporter's name. */
export const serviceList: Reader<Service[]> = mapped(list(service, 'a list of services: reporters and cancellers'), (services, at) => {
  const names = services.map(item => (item.reporter ?? item.canceller).name)
  for (const [index, name] of names.entries()) {
    if (name !== undefined && names.indexOf(name) !== index) at.at(index).note({ expected: 'names of their own', found: `'${name}'`, message: `there is already a service '${name}': say another name` })
  }
  return services
})
