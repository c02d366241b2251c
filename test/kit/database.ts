import { applyMigrations } from '@yardmaster/db'
import { systemRandom } from '@yardmaster/runtime'
import pg from 'pg'
import { inject } from 'vitest'

export type TestDatabase = { url: string; drop(): Promise<void> }

const random = systemRandom()
const template = 'yardmaster_template'

function urlOf(name: string): string {
  const url = new URL(inject('postgresUrl'))
  url.pathname = `/${name}`
  return url.href
}

async function asAdministrator<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: urlOf('postgres') })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** Test files run in processes of their own: whoever comes first makes the migrated template, the others wait. */
async function ensureTemplate(client: pg.Client): Promise<void> {
  await client.query('SELECT pg_advisory_lock(4711)')
  try {
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [template])
    if (rowCount !== 0) return
    const unfinished = `${template}_unfinished`
    await client.query(`DROP DATABASE IF EXISTS ${unfinished} WITH (FORCE)`)
    await client.query(`CREATE DATABASE ${unfinished}`)
    await applyMigrations(urlOf(unfinished))
    await client.query(`ALTER DATABASE ${unfinished} RENAME TO ${template}`)
  } finally {
    await client.query('SELECT pg_advisory_unlock(4711)')
  }
}

/** A copy of the template is an installation of its own: tests share one NATS server, and are told apart there by the id. */
async function becomeAnInstallation(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query('UPDATE installation SET id = gen_random_uuid()')
  await client.end()
}

/** A new, migrated, empty database on the run's PostgreSQL. */
export function freshDatabase(): Promise<TestDatabase> {
  return asAdministrator(async client => {
    await ensureTemplate(client)
    const name = `test_${random.uuid().replaceAll('-', '')}`
    await client.query(`CREATE DATABASE ${name} TEMPLATE ${template}`)
    await becomeAnInstallation(urlOf(name))
    return { url: urlOf(name), drop: () => asAdministrator(async admin => { await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) }) }
  })
}
