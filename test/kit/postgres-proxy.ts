import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** A point in a process's work: around the COMMIT of the first transaction whose SQL matches. */
export type CommitPoint = {
  transaction: RegExp
  when: 'before the commit' | 'after the commit'
  /** The connection does not end: nothing more comes over it, and neither side hears of the other's end. */
  silently?: true
}

export type PostgresProxy = {
  url: string
  /** Calls `strike` once at the point. Before the commit: PostgreSQL never sees it; after: its answer never reaches the client. */
  at(point: CommitPoint, strike: () => void): void
  /** Nothing passes and nobody is told, on connections of now and those that are tried, until `heal`; what was sent then arrives. */
  blackhole(): void
  /** Every connection ends, and none is taken until `heal`. */
  refuse(): void
  heal(): void
  close(): Promise<void>
}

type Trap = CommitPoint & { strike: () => void }

/** Stands between one process and PostgreSQL, so that a test can strike at an exact moment without a word of it in the product. */
export async function startPostgresProxy(target: string): Promise<PostgresProxy> {
  const { hostname, port } = new URL(target)
  const sockets = new Set<Socket>()
  let trap: Trap | null = null
  let disturbance: 'none' | 'held' | 'refused' = 'none'
  let healed: (() => void)[] = []
  const spring = (): Trap | null => {
    const sprung = trap
    trap = null
    return sprung
  }
  const server = createServer(client => {
    if (disturbance === 'refused') return void client.destroy()
    const upstream = connect(Number(port), hostname)
    if (disturbance === 'held') for (const socket of [client, upstream]) socket.pause()
    let transaction = ''
    let swallow: Trap | null = null
    let mute = false
    const end = () => { client.destroy(); upstream.destroy() }
    // While it is held, neither side hears of the other's end.
    const endOnce = () => { if (mute) return; if (disturbance === 'held') healed.push(end); else end() }
    for (const socket of [client, upstream]) sockets.add(socket.on('error', endOnce).on('close', () => { sockets.delete(socket); endOnce() }))
    const strike = (sprung: Trap) => {
      sprung.strike()
      mute = sprung.silently === true
      if (!mute) end()
    }
    client.on('data', data => {
      if (mute) return
      const text = data.toString('latin1')
      transaction = text.includes('BEGIN') ? text : transaction + text
      if (text.includes('COMMIT') && trap?.transaction.test(transaction)) {
        const sprung = spring()!
        if (sprung.when === 'before the commit') return strike(sprung)
        swallow = sprung
      }
      upstream.write(data)
    })
    upstream.on('data', data => {
      if (mute) return
      if (!swallow) return void client.write(data)
      strike(swallow)
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const url = new URL(target)
  url.port = String((server.address() as AddressInfo).port)
  return {
    url: url.href,
    at: (point, strike) => { trap = { ...point, strike } },
    blackhole() {
      disturbance = 'held'
      for (const socket of sockets) socket.pause()
    },
    refuse() {
      disturbance = 'refused'
      for (const socket of sockets) socket.destroy()
    },
    heal() {
      disturbance = 'none'
      for (const end of healed) end()
      healed = []
      for (const socket of sockets) socket.resume()
    },
    close: () => new Promise(resolve => {
      server.close(() => resolve())
      for (const socket of sockets) socket.destroy()
    }),
  }
}
