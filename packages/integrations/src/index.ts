export { reporterDriver } from './reporter-drivers.js'
export type { ComposeContext, ReporterKindDriver, SendContext } from './reporter-kind.js'
export { SendError } from './send-error.js'
