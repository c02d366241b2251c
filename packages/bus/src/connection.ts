import { connect, Events, type NatsConnection } from 'nats'
import { maskCredentials, type Clock, type Logger } from '@yardmaster/runtime'
import { natsOptions } from './nats-options.js'

export type ConnectionRequest = { url: string; name: string; logger: Logger; clock: Clock; signal?: AbortSignal }

const retryMs = 1_000

/** Connects, however long NATS takes to come up; afterwards the client reconnects for ever. Rejects only when the signal is aborted. */
export async function connectNats({ url, name, logger, clock, signal }: ConnectionRequest): Promise<NatsConnection> {
  for (;;) {
    signal?.throwIfAborted()
    try {
      return await connect({ ...natsOptions(url), name, maxReconnectAttempts: -1, reconnectTimeWait: 250, reconnectJitter: 250, pingInterval: 10_000, maxPingOut: 2, timeout: 5_000 })
    } catch (error) {
      logger.warn({ err: error, nats: maskCredentials(url), retryInMs: retryMs }, 'cannot connect to NATS (NATS_URL); trying again')
      await clock.sleep(retryMs, signal)
    }
  }
}

export type ConnectionWatch = {
  connected(): boolean
  /** Both answer a function that ends the listening. */
  onReconnect(fn: () => void): () => void
  onDisconnect(fn: () => void): () => void
}

function listenerSet() {
  const listeners = new Set<() => void>()
  const add = (fn: () => void) => {
    listeners.add(fn)
    return () => void listeners.delete(fn)
  }
  return { add, callAll: () => listeners.forEach(listener => listener()) }
}

/** Follows the connection's state, tells the log, and calls whoever must catch up after a gap. */
export function watchConnection(connection: NatsConnection, logger: Logger): ConnectionWatch {
  let connected = true
  const reconnects = listenerSet()
  const disconnects = listenerSet()
  const follow = async () => {
    for await (const status of connection.status()) {
      if (status.type === Events.Disconnect) {
        connected = false
        logger.warn({ server: status.data }, 'NATS is away; reconnecting')
        disconnects.callAll()
      } else if (status.type === Events.Reconnect) {
        connected = true
        logger.info({ server: status.data }, 'NATS is back')
        reconnects.callAll()
      } else if (status.type === Events.Error) {
        logger.warn({ problem: status.data, permission: status.permissionContext }, 'NATS reported an error')
      }
    }
    connected = false
  }
  void follow()
  return { connected: () => connected, onReconnect: reconnects.add, onDisconnect: disconnects.add }
}
