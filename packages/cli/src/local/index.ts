/** The servers that one machine needs, run as plain processes: used by `yard up` and by the tests. */
export { findExecutable, unpackDebianPackage } from './debian-package.js'
export { freePort, portIsFree } from './free-port.js'
export { keptSecret } from './kept-secret.js'
export { findNatsServer, startNats, type NatsOptions } from './nats.js'
export { startPostgres, type PostgresOptions } from './postgres.js'
export { identityOf, isAlive, killGroup, signalProcess, stopProcess, type ProcessIdentity } from './process-identity.js'
export { describeEnding, ServerDidNotStart, startServerProcess, type Ending, type LocalServer, type ServerCommand } from './server-process.js'
export { holdsWithin } from './wait.js'
