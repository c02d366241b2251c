import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { WebBalancer } from './web-balancer.js'

const servers: Server[] = []
let balancer: WebBalancer

beforeAll(async () => {
  for (const name of ['one', 'two']) {
    const server = createServer((request, response) => {
      if (request.url === '/broken') return void response.writeHead(200, { 'content-length': '10' }).write('half', () => response.destroy())
      request.setEncoding('utf8').on('data', (text: string) => response.write(`${text} `)).on('end', () => response.end(name))
    })
    const sockets = new WebSocketServer({ server })
    sockets.on('connection', socket => socket.send(name))
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    servers.push(server)
  }
  balancer = await WebBalancer.start(servers.map(server => (server.address() as AddressInfo).port))
})
afterAll(async () => {
  await balancer.close()
  for (const server of servers) server.close()
})

const said = async (body: string) => (await fetch(balancer.url, { method: 'POST', body })).text()

it('gives each request and each web socket to the next replica, and none to one that is gone', async () => {
  expect([await said('a'), await said('b'), await said('c')]).toEqual(['a one', 'b two', 'c one'])
  const socket = new WebSocket(balancer.url.replace('http', 'ws'))
  expect(await new Promise(resolve => socket.once('message', data => resolve(String(data))))).toBe('two')
  socket.terminate()
  await expect(fetch(`${balancer.url}broken`).then(response => response.text())).rejects.toThrow('terminated')
  servers[1]!.closeAllConnections()
  await new Promise(resolve => servers[1]!.close(resolve))
  expect([await said('d'), await said('e')]).toEqual(['d one', 'e one'])
})
