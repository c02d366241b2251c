import { createServer } from 'node:net'

function listens(port: number, host: string): Promise<number | null> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', () => resolve(null))
    server.listen({ port, host, exclusive: true }, () => {
      const address = server.address()
      const taken = typeof address === 'object' && address !== null ? address.port : port
      server.close(() => resolve(taken))
    })
  })
}

export async function portIsFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return (await listens(port, host)) !== null
}

/** A port nobody listens on now: `preferred` if it is free, else one that the system picks. Another program may still take it first. */
export async function freePort(preferred: number | null = null, host = '127.0.0.1'): Promise<number> {
  if (preferred !== null && await portIsFree(preferred, host)) return preferred
  const port = await listens(0, host)
  if (port === null) throw new Error(`no free port on ${host}: is the address one of this machine's?`)
  return port
}
