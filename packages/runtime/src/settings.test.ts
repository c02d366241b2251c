import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { describeSettings, readSettings, requireSetting, settingNames, settingsToEnv, SettingsError } from './settings.js'
import { settingsTable } from './settings-table.js'

function problemsOf(read: () => unknown): string[] {
  try {
    read()
  } catch (error) {
    if (error instanceof SettingsError) return error.problems
    throw error
  }
  return []
}

test('defaults need no environment', () => {
  expect(readSettings({})).toMatchObject({
    home: resolve('.yard'), port: 8010, host: '127.0.0.1', workerPort: 9989, databaseUrl: undefined, config: resolve('yard.config.ts'), set: 'main',
    logLevel: 'info', healthPort: undefined, baseUrl: 'http://127.0.0.1:8010/', dbConnections: 10, workerLostAfter: 60, secretsDir: resolve('.yard/secrets'),
  })
})

test('a flag wins over the environment, and an empty value is none', () => {
  const settings = readSettings({ YARD_PORT: '1', YARD_HOST: '', YARD_WORKER_PORT: '2' }, { port: '3', workerPort: '' })
  expect(settings).toMatchObject({ port: 3, host: '127.0.0.1', workerPort: 2 })
  expect(settings.origins).toMatchObject({ port: 'flag', host: 'default', workerPort: 'environment' })
})

test('defaults follow the settings that they are made of', () => {
  expect(readSettings({ YARD_HOME: '/srv/yard', YARD_HOST: '::', YARD_PORT: '80' })).toMatchObject({ secretsDir: '/srv/yard/secrets', baseUrl: 'http://127.0.0.1:80/' })
  expect(readSettings({ YARD_HOST: '::1' }).baseUrl).toBe('http://[::1]:8010/')
  expect(readSettings({ YARD_BASE_URL: 'https://ci.example.org/yard' }).baseUrl).toBe('https://ci.example.org/yard/')
})

test('every wrong value is told at once, without its password', () => {
  const problems = problemsOf(() => readSettings({ YARD_PORT: '99999', DATABASE_URL: 'mysql://me:hunter2@db/x', YARD_LOG_LEVEL: 'loud' }, { workerPort: 'x' }))
  expect(problems).toEqual([
    'YARD_PORT: expected a whole number from 0 to 65535, found "99999"',
    '--worker-port: expected a whole number from 0 to 65535, found "x"',
    'DATABASE_URL: expected a URL that begins with postgres:// or postgresql://, found "mysql://me:***@db/x"',
    'YARD_LOG_LEVEL: expected one of trace, debug, info, warn, error, fatal, silent, found "loud"',
  ])
})

test('a missing setting says how to set it', () => {
  const settings = readSettings({ NATS_URL: 'nats://a:1,nats://b:2' })
  expect(requireSetting(settings, 'natsUrl')).toBe('nats://a:1,nats://b:2')
  expect(() => requireSetting(settings, 'databaseUrl')).toThrow('DATABASE_URL is not set (PostgreSQL; `yard up` starts its own when unset); set it, or give --database-url')
})

test('what people are shown hides credentials and says where each value came from', () => {
  const shown = describeSettings(readSettings({ DATABASE_URL: 'postgres://yard:pw@db/yard?sslpassword=x', NATS_URL: 'nats://t0ken@nats:4222' }))
  expect(shown.find(({ name }) => name === 'databaseUrl')).toMatchObject({ env: 'DATABASE_URL', value: 'postgres://yard:***@db/yard?sslpassword=***', origin: 'environment' })
  expect(shown.find(({ name }) => name === 'natsUrl')?.value).toBe('nats://***@nats:4222')
  expect(shown.find(({ name }) => name === 'redisUrl')).toMatchObject({ value: '', origin: 'default' })
})

test('a child process given the settings as environment reads the same values', () => {
  const settings = readSettings({ DATABASE_URL: 'postgres://x@y/z' }, { home: 'here', workerLostAfter: '5' })
  const { origins: _origins, ...values } = settings
  expect(readSettings(settingsToEnv(settings))).toMatchObject(values)
})

test('each flag is named like its setting', () => {
  for (const name of settingNames) {
    const long = /--([\w-]+)/.exec(settingsTable[name].flag)?.[1]
    expect(long?.replaceAll(/-(\w)/g, (_all, letter: string) => letter.toUpperCase())).toBe(name)
  }
})

test('proxies are addresses, ranges of them or their names', () => {
  expect(readSettings({}).trustedProxies).toEqual([])
  expect(readSettings({ YARD_TRUSTED_PROXIES: 'loopback, 10.0.0.0/8,2001:db8::/32, 192.0.2.7' }).trustedProxies).toEqual(['loopback', '10.0.0.0/8', '2001:db8::/32', '192.0.2.7'])
  for (const wrong of ['proxy.example.org', '10.0.0.0/33', '10.0.0.0/8/8', '::/129', '1.2.3.4/', 'all']) {
    expect(problemsOf(() => readSettings({ YARD_TRUSTED_PROXIES: wrong }))).toEqual([expect.stringContaining('expected addresses, ranges as 10.0.0.0/8')])
  }
})
