import { connect } from 'node:net'
import type pg from 'pg'

/** PostgreSQL's number of a request to cancel. */
const CANCEL = 80_877_102

/** What pg says when its `query_timeout` is over. */
const UNANSWERED = 'Query read timeout'

/** The database did not answer a query in time. */
export const isUnanswered = (error: unknown): boolean => error instanceof Error && error.message === UNANSWERED

/**
 * Has the database give up what nobody waits for any more: closing the connection alone would let it work on to the end.
 * By the protocol's own request, which poolers pass on, and which needs no free connection.
 */
export function cancelUnanswered(pool: pg.Pool): void {
  // Typed as any by pg.
  pool.on('release', (error: unknown, client) => {
    if (isUnanswered(error)) cancel(client)
  })
}

function cancel(client: pg.PoolClient): void {
  if (!('processID' in client && 'secretKey' in client && 'host' in client && 'port' in client)) return
  const { processID, secretKey, host, port } = client
  if (typeof processID !== 'number' || typeof secretKey !== 'number' || typeof host !== 'string' || typeof port !== 'number') return
  const message = Buffer.alloc(16)
  for (const [at, word] of [16, CANCEL, processID, secretKey].entries()) message.writeInt32BE(word, at * 4)
  const socket = host.startsWith('/') ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host)
  // Whether it came in time nobody hears; one that cannot connect ends by itself.
  socket.on('error', () => {}).end(message)
}
