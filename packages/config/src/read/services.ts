import type { ReporterConfig } from '@yardmaster/domain'
import { byKind, list, mapped } from './reader.js'
import type { Reader } from './reader.js'
import { reporterReaders } from './reporters.js'

export type Service = { reporter: ReporterConfig }

/** One of `services`. */
const service: Reader<Service> = byKind<Service>({ ...reporterReaders }, 'a reporter: reporters.mail(…) and so on')

/** What becomes of a message is kept under its reporter's name. */
export const serviceList: Reader<Service[]> = mapped(list(service, 'a list of services: reporters'), (services, at) => {
  const names = services.map(item => item.reporter?.name)
  for (const [index, name] of names.entries()) {
    if (name !== undefined && names.indexOf(name) !== index) at.at(index).note({ expected: 'names of reporters of their own', found: `'${name}'`, message: `there is already a reporter '${name}': say another name` })
  }
  return services
})
