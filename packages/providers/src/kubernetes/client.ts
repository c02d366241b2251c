import type { Json } from '@yardmaster/domain'
import { CoreV1Api, KubeConfig, Observable, type ConfigurationOptions } from '@kubernetes/client-node'
import { ProviderError } from '../provider-error.js'

export type Cluster = {
  api: CoreV1Api
  namespace: string
  /** Of a request that is given up when the signal aborts. */
  until(signal: AbortSignal): ConfigurationOptions
}

/** A kubeconfig's text, or, without one, the account that a Pod is given inside its cluster. */
export function openCluster(account: { [name: string]: Json }): Cluster {
  const { kubeconfig, context, namespace } = account
  const config = new KubeConfig()
  try {
    if (typeof kubeconfig === 'string') config.loadFromString(kubeconfig)
    else config.loadFromCluster()
    if (typeof context === 'string') config.setCurrentContext(context)
    // Without one it is not what its type says.
    const current = config.getCurrentContext() as string | undefined
    if (!current) throw new Error('it says no current context: say which one by context')
    const own = config.getContextObject(current)
    if (!own || !config.getCurrentCluster()) throw new Error(`it has no context '${current}' with a cluster`)
    return {
      api: config.makeApiClient(CoreV1Api),
      namespace: typeof namespace === 'string' ? namespace : own.namespace ?? 'default',
      until: signal => ({
        middleware: [{
          pre: request => {
            request.setSignal(signal)
            return new Observable(Promise.resolve(request))
          },
          post: response => new Observable(Promise.resolve(response)),
        }],
        middlewareMergeStrategy: 'append',
      }),
    }
  } catch (error) {
    throw new ProviderError(`the kubeconfig cannot be used: ${(error as Error).message}`, { failureClass: 'alert', code: 'KUBECONFIG', cause: error })
  }
}
