import { execFile } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { findExecutable } from '@yardmaster/cli/local'
import { settingsTable } from '@yardmaster/runtime'
import Ajv from 'ajv/dist/2020.js'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { programsFolder } from '../kit/servers.js'
import { composeSchema } from './compose-schema.js'
import { parseDockerfile } from './dockerfile.js'

const root = join(import.meta.dirname, '../..')
const folder = join(root, 'deploy/compose')
const source = readFileSync(join(folder, 'compose.yaml'), 'utf8')
const run = promisify(execFile)

type Service = {
  environment?: { [name: string]: string }
  build?: { context: string; dockerfile: string; target: string }
  configs?: { source: string; target: string }[]
  depends_on?: { [service: string]: { condition: string } }
  deploy?: { replicas: string }
  healthcheck?: object
  networks: string[]
  ports?: string[]
  secrets?: string[]
  volumes?: string[]
}
type Compose = { services: { [name: string]: Service }; networks: object; volumes: object; configs: { [name: string]: { file: string } }; secrets: { [name: string]: { file: string } } }

/** `${NAME:-default}` as Compose fills it in; `$$` is a dollar sign. */
function interpolated(text: string, env: { [name: string]: string } = {}): string {
  return text.replaceAll(/\$\$|\$\{([A-Z_]+):-([^}]*)\}/g, (whole, name: string | undefined, fallback: string) => (name === undefined ? whole.slice(1) : env[name] || fallback))
}

const composeOf = (text: string): Compose => parse(text, { merge: true })
const compose = composeOf(interpolated(source))
const services = Object.entries(compose.services)
const roles = readdirSync(join(root, 'services'))

const validate = new Ajv.default({ allErrors: true, strict: false }).compile(composeSchema)

describe('the file', () => {
  test('keeps the schema', () => {
    validate(compose)
    expect(validate.errors ?? []).toEqual([])
  })

  test.each([
    ['a misspelt key', 'restart: unless-stopped', 'restrat: unless-stopped'],
    ['an unknown condition', 'condition: service_healthy', 'condition: service_heatlhy'],
    ['a duration without unit', 'interval: 5s', 'interval: 5'],
    ['a replica count that is no number', 'YARD_ENGINES:-2', 'YARD_ENGINES:-two'],
  ])('%s is refused', (_, right, wrong) => {
    expect(source).toContain(right)
    expect(validate(composeOf(interpolated(source.replace(right, wrong))))).toBe(false)
  })

  test('what a service names is there', () => {
    for (const [name, service] of services) {
      expect(Object.keys(compose.networks), name).toEqual(expect.arrayContaining(service.networks))
      expect(Object.keys(compose.secrets), name).toEqual(expect.arrayContaining(service.secrets ?? []))
      expect(Object.keys(compose.configs), name).toEqual(expect.arrayContaining((service.configs ?? []).map(config => config.source)))
      expect(Object.keys(compose.volumes), name).toEqual(expect.arrayContaining((service.volumes ?? []).map(volume => volume.split(':')[0])))
      for (const [other, { condition }] of Object.entries(service.depends_on ?? {})) {
        expect(Object.keys(compose.services), name).toContain(other)
        if (condition === 'service_healthy') expect(compose.services[other]?.healthcheck, `${name} waits for ${other}`).toBeDefined()
      }
    }
    for (const { file } of Object.values(compose.configs)) expect(existsSync(join(folder, file)), file).toBe(true)
  })

  test('a service reads only the secrets that it is given', () => {
    for (const [name, { environment = {}, secrets = [] }] of services) {
      for (const value of Object.values(environment).filter(text => text.startsWith('/run/secrets/'))) expect(secrets, name).toContain(value.slice('/run/secrets/'.length))
    }
  })
})

describe('the roles', () => {
  test('each is a service of its own, built from its target, with its own number of replicas', () => {
    const targets = parseDockerfile(readFileSync(join(root, 'deploy/docker/Dockerfile'), 'utf8')).map(({ name }) => name)
    const changed = composeOf(interpolated(source, { YARD_ENGINES: '7' }))
    for (const role of roles) {
      const service = compose.services[role]
      expect(service?.build?.target).toBe(role)
      expect(targets).toContain(role)
      expect(existsSync(join(folder, service?.build?.context ?? '', service?.build?.dockerfile ?? ''))).toBe(true)
      expect(service?.deploy?.replicas).toBe('2')
      expect(changed.services[role]?.deploy?.replicas).toBe(role === 'engine' ? '7' : '2')
    }
  })

  test('they are set by settings that exist', () => {
    const known = new Set<string>(Object.values(settingsTable).map(({ env }) => env))
    for (const role of roles) {
      const names = Object.keys(compose.services[role]?.environment ?? {}).map(name => name.replace(/_FILE$/, ''))
      expect(names.filter(name => !known.has(name) && name !== 'PGPASSWORD')).toEqual([])
    }
  })

  test('the worker reaches engines only, and nothing is published beyond this machine unasked', () => {
    const backend = services.filter(([, { networks }]) => networks.includes('backend')).map(([name]) => name)
    expect(new Set(backend)).toEqual(new Set([...roles, 'nats', 'postgres', 'redis']))
    for (const [, { ports = [] }] of services) for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/)
  })
})

test('.env.example names exactly what the file reads', () => {
  const read = new Set([...source.matchAll(/\$\{([A-Z_]+):-/g)].map(match => match[1]))
  const told = [...readFileSync(join(folder, '.env.example'), 'utf8').matchAll(/^([A-Z_]+)=(.*)$/gm)]
  expect(new Set(told.map(match => match[1]))).toEqual(read)
  for (const [, name, value] of told) expect(source).toContain(`\${${name}:-${value}}`)
})

test('make-secrets.sh makes every secret once, out of reach of other users', async () => {
  const copy = mkdtempSync(join(tmpdir(), 'yardmaster-secrets-'))
  try {
    cpSync(join(folder, 'make-secrets.sh'), join(copy, 'make-secrets.sh'))
    await run(join(copy, 'make-secrets.sh'))
    const all = () => Object.values(compose.secrets).map(({ file }) => readFileSync(join(copy, file), 'utf8'))
    const first = all()
    expect(new Set(first).size).toBe(first.length)
    for (const secret of first) expect(secret).toMatch(/p[0-9a-f]{48}/)
    expect(statSync(join(copy, 'secrets')).mode & 0o777).toBe(0o700)
    await run(join(copy, 'make-secrets.sh'))
    expect(all()).toEqual(first)
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
})

describe('the servers accept their configurations', () => {
  const programs = ['sbin', 'bin'].flatMap(name => [join(programsFolder, 'usr', name), join('/usr', name)])
  const haproxy = findExecutable('haproxy', programs)

  test.skipIf(haproxy === null).each(['worker-balancer.cfg', 'web-balancer.cfg'])('haproxy: %s', async file => {
    const { stdout } = await run(haproxy ?? '', ['-c', '-f', join(folder, file)])
    expect(stdout).toContain('Configuration file is valid')
  })

  test('nats-server, with a password as make-secrets.sh makes them', async () => {
    const nats = findExecutable('nats-server', programs)
    const { stderr, stdout } = await run(nats ?? 'nats-server', ['-c', join(folder, 'nats.conf'), '-t'], { env: { ...process.env, NATS_PASSWORD: `p${'0123456789ab'.repeat(4)}` } })
    expect(stdout + stderr).toContain('is valid')
  })
})
