import type { MachineProvider } from '@yardmaster/domain'
import { mask } from '../do/failures.js'

/** The provider, whose failures quote none of the texts: an address with a token in it, what a function of the configuration throws. */
export function withoutSecrets(provider: MachineProvider, secrets: readonly string[]): MachineProvider {
  const guarded = <Given extends unknown[], Answer>(call: (...given: Given) => Promise<Answer>) => (...given: Given): Promise<Answer> =>
    call.apply(provider, given).catch((error: unknown) => { throw masked(error, secrets) })
  const { price, check, close } = provider
  return {
    version: 1, create: guarded(provider.create), list: guarded(provider.list), get: guarded(provider.get), remove: guarded(provider.remove), removeLeftover: guarded(provider.removeLeftover),
    ...(price ? { price: guarded(price) } : {}), ...(check ? { check: guarded(check) } : {}), ...(close ? { close: guarded(close) } : {}),
  }
}

/** What says of it what it asks for stays. */
function masked(error: unknown, secrets: readonly string[]): unknown {
  if (!(error instanceof Error)) return mask(String(error), secrets)
  const text = mask(error.message, secrets)
  return text === error.message ? error : Object.assign(new Error(text), error)
}
