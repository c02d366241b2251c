const text = { type: 'string', minLength: 1 } as const
const names = { type: 'array', items: text, uniqueItems: true, minItems: 1 } as const
const duration = { type: 'string', pattern: String.raw`^(\d+(h|m|s|ms))+$` } as const
const record = (value: object) => ({ type: 'object', patternProperties: { '^[a-z0-9][a-z0-9_.-]*$': value }, additionalProperties: false })
const strict = (properties: object, required: string[] = []) => ({ type: 'object', properties, required, additionalProperties: false })

const healthcheck = strict({
  test: { type: 'array', prefixItems: [{ enum: ['CMD', 'CMD-SHELL'] }], items: text, minItems: 2 },
  interval: duration, timeout: duration, start_period: duration, retries: { type: 'integer', minimum: 1 },
}, ['test', 'interval', 'timeout', 'retries'])

const service = strict({
  image: { type: 'string', pattern: '^[a-z0-9][a-z0-9./-]*:[A-Za-z0-9_.-]+$' },
  build: strict({ context: text, dockerfile: text, target: text }, ['context', 'dockerfile', 'target']),
  command: { type: 'array', items: text, minItems: 1 },
  restart: { enum: ['no', 'always', 'on-failure', 'unless-stopped'] },
  networks: names,
  ports: { type: 'array', items: { type: 'string', pattern: String.raw`^[0-9.]+:\d+:\d+$` } },
  environment: { type: 'object', patternProperties: { '^[A-Z][A-Z0-9_]*$': text }, additionalProperties: false },
  secrets: names,
  configs: { type: 'array', items: strict({ source: text, target: { type: 'string', pattern: '^/' } }, ['source', 'target']) },
  volumes: { type: 'array', items: { type: 'string', pattern: '^[a-z0-9-]+:/[^:]+$' } },
  depends_on: record(strict({ condition: { enum: ['service_started', 'service_healthy', 'service_completed_successfully'] } }, ['condition'])),
  deploy: strict({ replicas: { type: 'string', pattern: String.raw`^\d+$` } }, ['replicas']),
  healthcheck,
  shm_size: { type: 'string', pattern: String.raw`^\d+(b|k|m|g)$` },
  stop_grace_period: duration,
}, ['image', 'restart', 'networks'])

const file = strict({ file: text }, ['file'])

/**
 * The part of the Compose Specification that compose.yaml uses, after interpolation, strictly: anything else is a typo until it is
 * added here. (The specification's own schema is in no maintained npm package; it accepts the file too.)
 */
export const composeSchema = {
  type: 'object',
  properties: {
    name: { type: 'string', pattern: '^[a-z0-9][a-z0-9_-]*$' },
    services: record(service),
    networks: record(strict({})),
    volumes: record(strict({})),
    configs: record(file),
    secrets: record(file),
  },
  patternProperties: { '^x-': {} },
  required: ['name', 'services'],
  additionalProperties: false,
}
