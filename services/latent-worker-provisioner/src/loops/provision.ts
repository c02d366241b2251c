import type { Configuration } from '@yardmaster/domain'
import type { Logger } from '@yardmaster/runtime'

export type Provisioning = {
  logger: Logger
  active: () => { id: number; configuration: Configuration } | null
  /** Whether this replica is the one that provides machines now. */
  holdsDuty: () => Promise<boolean>
}

/**
 * Knows, as the one replica that holds the duty, which workers of the active generation need a machine. All kinds of workers that the
 * configuration language has connect by themselves, so it says once per generation that it provides none.
 */
export function provision({ logger, active, holdsDuty }: Provisioning): () => Promise<void> {
  let told: number | null = null
  return async () => {
    const generation = active()
    if (!await holdsDuty()) { told = null; return }
    if (generation === null || generation.id === told) return
    told = generation.id
    logger.info({ generation: generation.id, workers: generation.configuration.workers.length, latent: 0 }, 'no machine to provide: every worker of this configuration connects by itself')
  }
}
