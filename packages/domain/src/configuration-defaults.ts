import { wwwDefaults } from './access/www-config.js'
import { gitPollerDefaults } from './change-source-config.js'
import type { BuilderConfig, Configuration, StepConfig, WorkerConfig } from './configuration.js'
import type { ForceParameter, ForceScheduler } from './force-config.js'
import { codebaseParameter, forceParameter } from './force-fields.js'
import { hookHosts, hostHookDefaults, noChangeHooks, type ChangeHooksConfig } from './change-hook-config.js'
import { poolDefaults } from './latent/pool-config.js'
import type { Codebases } from './scheduler-config.js'

/** What a worker is when only its name and password are said. */
export const workerDefaults: Omit<WorkerConfig, 'name' | 'password'> = {
  pool: null, maxBuilds: null, capacity: null, labels: {}, properties: {}, defaultProperties: {}, keepaliveInterval: 10, missingTimeout: 3600, notifyOnMissing: [],
  downtime: [], quarantine: { failures: 3, backoff: 60, maxBackoff: 3600 }, owners: [], notes: null,
}

export const builderDefaults: Omit<BuilderConfig, 'name' | 'key' | 'builddir' | 'workers' | 'steps'> = {
  project: null, description: null, tags: [], workerLabels: null, units: 1, env: {}, properties: {}, defaultProperties: {}, collapseRequests: true, maxPending: null, noWorkerTimeout: null,
  locks: [], nextBuild: null, nextWorker: null, canStartBuild: null,
}

/**
 * A configuration as an earlier version of the software stored it, completed by what has been added since:
 * the builds of its generation go on through an upgrade.
 */
export function completed(stored: Configuration): Configuration {
  return {
    ...stored,
    pools: (stored.pools ?? []).map(pool => ({ ...poolDefaults, ...pool })),
    changeHooks: withHosts(stored.changeHooks),
    prioritizeBuilders: stored.prioritizeBuilders ?? null,
    reporters: stored.reporters ?? [],
    cancellers: stored.cancellers ?? [],
    www: { ...wwwDefaults, ...stored.www, sessions: { ...wwwDefaults.sessions, ...stored.www?.sessions }, rateLimits: { ...wwwDefaults.rateLimits, ...stored.www?.rateLimits } },
    changeSources: stored.changeSources.map(source => ({ ...gitPollerDefaults, ...source })),
    workers: stored.workers.map(worker => ({ ...workerDefaults, ...worker })),
    schedulers: stored.schedulers.map(scheduler => (scheduler.kind === 'force' ? withWholeForm(scheduler) : scheduler)),
    builders: stored.builders.map(builder => ({ ...builderDefaults, ...builder, steps: builder.steps.map(withLocks) })),
  }
}

function withLocks(step: StepConfig): StepConfig {
  return { ...step, locks: step.locks ?? [] }
}

/** Codebases were only named, with the beginning of their repository and branch. */
function withWholeForm(scheduler: Omit<ForceScheduler, 'codebases'> & { codebases: ForceParameter[] | Codebases }): ForceScheduler {
  const { codebases, parameters } = scheduler
  return {
    ...scheduler, parameters: parameters.map(wholeParameter),
    codebases: Array.isArray(codebases) ? codebases.map(wholeParameter) : Object.entries(codebases).map(([codebase, { repository, branch }]) => codebaseParameter(codebase, { repository, branch: branch ?? '' })),
  }
}

function wholeParameter(parameter: ForceParameter): ForceParameter {
  return forceParameter({ ...parameter, fields: parameter.fields.map(wholeParameter) })
}

function withHosts(stored: ChangeHooksConfig): ChangeHooksConfig {
  const hosts = hookHosts.map(host => [host, stored[host] ? { ...hostHookDefaults, ...stored[host] } : null])
  return { ...noChangeHooks, ...stored, ...Object.fromEntries(hosts) }
}
