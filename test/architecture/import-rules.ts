import type { IForbiddenRuleType } from 'dependency-cruiser'

/** Folder of a package or service -> the packages that its code may import, besides itself. */
export const unitImports: { [folder: string]: string[] } = {
  'packages/domain': [],
  'packages/config': ['domain'],
  'packages/runtime': ['domain'],
  'packages/worker-protocol': ['domain'],
  'packages/rest': ['domain'],
  'packages/db': ['domain', 'config', 'runtime', 'worker-protocol', 'rest'],
  'packages/bus': ['domain', 'config', 'runtime', 'worker-protocol', 'rest', 'db'],
  'packages/replica': ['domain', 'config', 'runtime', 'worker-protocol', 'rest', 'db', 'bus'],
  'packages/integrations': ['domain', 'runtime'],
  'packages/providers': ['domain', 'runtime'],
  'packages/worker': ['domain', 'runtime', 'worker-protocol'],
  'packages/web': ['domain', 'rest'],
  'packages/cli': ['domain', 'config', 'runtime', 'rest', 'providers'],
  'services/scheduler': ['domain', 'config', 'runtime', 'rest', 'db', 'bus', 'replica', 'integrations'],
  'services/engine': ['domain', 'config', 'runtime', 'worker-protocol', 'rest', 'db', 'bus', 'replica'],
  'services/ui-api': ['domain', 'config', 'runtime', 'rest', 'db', 'bus', 'replica', 'integrations'],
  'services/latent-worker-provisioner': ['domain', 'config', 'runtime', 'rest', 'db', 'bus', 'replica', 'providers'],
}

/** npm package -> the only places (regular expression on the path) whose code may import it. */
export const npmPlaces: { [name: string]: string } = {
  nats: '^packages/bus/',
  bullmq: '^packages/bus/',
  ioredis: '^packages/bus/',
  '@prisma/client': '^packages/db/',
  '@prisma/adapter-pg': '^packages/db/',
  // BullMQ's PostgreSQL backend takes a pool from outside.
  pg: '^packages/(db|bus)/',
  express: '^services/[^/]+/src/http/',
}

/** Tests may connect to the real thing from anywhere, and use test/kit. */
const testCode = String.raw`\.test\.tsx?$|/src/testing/`

const escaped = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)

function unitRule([folder, allowed]: [string, string[]]): IForbiddenRuleType {
  const allowedFolders = [folder, ...allowed.map(name => `packages/${name}`)]
  return {
    name: `imports of ${folder}`,
    severity: 'error',
    from: { path: `^${folder}/src/`, pathNot: testCode },
    to: { path: '^(packages|services|test|deploy)/', pathNot: `^(${allowedFolders.join('|')})/` },
  }
}

function npmRule([name, place]: [string, string]): IForbiddenRuleType {
  return {
    name: `place of ${name}`,
    severity: 'error',
    from: { path: '^(packages|services)/', pathNot: `${place}|${testCode}` },
    to: { path: `(^|/)node_modules/${escaped(name)}(/|$)|^${escaped(name)}(/|$)` },
  }
}

const generalRules: IForbiddenRuleType[] = [
  { name: 'no service imports another', severity: 'error', from: { path: '^services/([^/]+)/' }, to: { path: '^services/', pathNot: '^services/$1/' } },
  // A cycle of types alone is gone when the program runs.
  { name: 'no cycles', severity: 'error', from: { path: '^(packages|services)/' }, to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } } },
  // What only the root installs is missing in the image of a role.
  { name: 'dependencies are declared', severity: 'error', from: { path: '^(packages|services)/', pathNot: testCode }, to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'npm-dev'], dependencyTypesNot: ['type-only'] } },
  { name: 'everything resolves', severity: 'error', from: {}, to: { couldNotResolve: true } },
]

export const forbidden: IForbiddenRuleType[] = [
  ...Object.entries(unitImports).map(unitRule),
  ...Object.entries(npmPlaces).map(npmRule),
  ...generalRules,
]
