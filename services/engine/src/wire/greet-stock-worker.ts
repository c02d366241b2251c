import { CLOSE_TRY_AGAIN } from '@yardmaster/worker-protocol'
import type { WebSocket } from 'ws'
import { DuplicateWorker } from '../workers/contests.js'
import type { Guest } from './admission.js'
import { BuildbotLink } from './buildbot-link.js'
import { setUpStockWorker } from './buildbot-set-up.js'
import { NotTakenIn } from './newcomer.js'
import type { WorkerConnection, WorkerDoorOptions } from './worker-door.js'

const SET_UP_MS = 60_000

/** A stock worker is silent until it is asked: it is set up first, and then taken in as if it had said hello. */
export function greetStockWorker({ clock, random, logger, onHello }: WorkerDoorOptions, guest: Guest, socket: WebSocket): void {
  const { name } = guest
  let connection: WorkerConnection | null = null
  const process = random.uuid()
  const link = new BuildbotLink({
    socket, clock, process,
    logger: logger.child({ worker: name }),
    onMessage: message => connection?.onMessage(message),
    onClose: () => connection?.onClose(),
  })
  const cancelDeadline = clock.setTimeout(() => link.drop(`not set up within ${SET_UP_MS} ms`), SET_UP_MS)
  const takeIn = async () => {
    const newcomer = await setUpStockWorker(link, process)
    cancelDeadline()
    connection = await onHello(guest, newcomer, link)
    if (link.wire.closed) connection.onClose()
  }
  takeIn().catch((error: unknown) => {
    cancelDeadline()
    if (!(error instanceof DuplicateWorker)) logger[error instanceof NotTakenIn ? 'debug' : 'warn']({ err: error, worker: name }, 'the worker could not be taken in')
    // For its own log: whoever keeps the worker looks there.
    link.send({ type: 'print', message: `not taken in, try again later: ${error instanceof Error ? error.message : String(error)}` })
    link.close(CLOSE_TRY_AGAIN, 'try again later')
  })
}
