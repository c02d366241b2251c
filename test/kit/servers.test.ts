import { connect } from 'node:net'
import pg from 'pg'
import { expect, inject, test } from 'vitest'

function firstAnswer(url: string, question: string): Promise<string> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(question))
    socket.once('data', chunk => { socket.destroy(); resolve(chunk.toString('latin1')) })
    socket.once('error', reject)
  })
}

test('the run has a PostgreSQL of its own', async () => {
  const client = new pg.Client({ connectionString: inject('postgresUrl') })
  await client.connect()
  const { rows } = await client.query('SELECT current_database() AS name, lower($1) AS lower', ['ÄÖ'])
  await client.end()
  expect(rows).toEqual([{ name: 'yardmaster', lower: 'äö' }])
})

test('the run has a NATS with JetStream that asks for a password', async () => {
  const info = await firstAnswer(inject('natsUrl'), '')
  expect(info).toContain('"jetstream":true')
  expect(info).toContain('"auth_required":true')
})

test('the run has a Redis', async () => {
  expect(await firstAnswer(inject('redisUrl'), 'PING\r\n')).toBe('+PONG\r\n')
})
