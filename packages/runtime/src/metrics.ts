import { collectDefaultMetrics, Registry } from 'prom-client'

export { Registry } from 'prom-client'

/** A registry with Node's own metrics (CPU, memory, event-loop lag, garbage collection); `labels` go on every line. Once per process. */
export function createRegistry(labels: { [label: string]: string } = {}): Registry {
  const registry = new Registry()
  registry.setDefaultLabels(labels)
  collectDefaultMetrics({ register: registry })
  return registry
}
