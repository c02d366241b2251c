import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export type GitServer = AsyncDisposable & { url: string; /** Requests that did not show the password. */ refused(): number }

/** A repository by HTTP, as git's own http-backend gives it, to who has the password; or one that says it is elsewhere now. */
export async function serveRepository(path: string, { username, password, redirectTo }: { username: string; password: string; redirectTo?: string }): Promise<GitServer> {
  const wanted = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
  let refused = 0
  const server = createServer((request, response) => {
    if (redirectTo !== undefined) return void response.writeHead(302, { location: redirectTo + (request.url ?? '').replace(/^\/r/, '') }).end()
    if (request.headers.authorization !== wanted) {
      refused += 1
      return void response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end()
    }
    const [pathInfo = '', query = ''] = (request.url ?? '').replace(/^\/r/, '').split('?')
    const child = spawn('git', ['http-backend'], { stdio: ['pipe', 'pipe', 'ignore'], env: {
      ...process.env, GIT_PROJECT_ROOT: `${path}/.git`, GIT_HTTP_EXPORT_ALL: '1', PATH_INFO: pathInfo, QUERY_STRING: query, REQUEST_METHOD: request.method ?? 'GET',
      CONTENT_TYPE: request.headers['content-type'] ?? '', HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '', GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
    } })
    request.pipe(child.stdin)
    const chunks: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => { chunks.push(chunk) })
    child.once('close', () => {
      const answer = Buffer.concat(chunks)
      const end = answer.indexOf('\r\n\r\n')
      const headers = answer.subarray(0, end).toString('utf8').split('\r\n').map(line => line.split(': '))
      const status = headers.find(([name]) => name === 'Status')?.[1] ?? '200'
      response.writeHead(Number.parseInt(status, 10), Object.fromEntries(headers.filter(([name]) => name !== 'Status').map(([name = '', value = '']) => [name, value]))).end(answer.subarray(end + 4))
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/r`,
    refused: () => refused,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
