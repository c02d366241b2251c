import { join } from 'node:path'

/** The clone's root: this file runs as packages/cli/dist/up/programs.js. */
export const cloneRoot = join(import.meta.dirname, '../../../..')

const programs = {
  scheduler: 'services/scheduler/dist/main.js',
  engine: 'services/engine/dist/main.js',
  'ui-api': 'services/ui-api/dist/main.js',
  provisioner: 'services/latent-worker-provisioner/dist/main.js',
  worker: 'packages/worker/dist/main.js',
}
export type Role = keyof typeof programs

/** The JavaScript file of a role's program. */
export function programOf(role: Role): string {
  return join(cloneRoot, programs[role])
}
