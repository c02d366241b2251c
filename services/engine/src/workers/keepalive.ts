import { workerDefaults, type Configuration } from '@yardmaster/domain'

/** How often the worker is pinged while it is idle, as the configuration says. */
export function keepaliveMs(configuration: Configuration | undefined, name: string): number {
  const worker = configuration?.workers.find(candidate => candidate.name === name)
  return (worker ?? workerDefaults).keepaliveInterval * 1000
}
