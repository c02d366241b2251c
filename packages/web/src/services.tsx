import type { Client, YardClient } from '@yardmaster/rest'
import { createContext, useContext, useSyncExternalStore } from 'react'
import type { CauseLoader } from './api/cause.js'
import type { LastBuildsLoader } from './api/last-builds.js'
import type { RightsLoader } from './api/rights.js'
import type { Clock, Ticker } from './lib/clock.js'
import type { LiveSocket } from './live/live-socket.js'

/** What main.tsx made once for the whole page. */
export type Services = { api: Client; yard: YardClient; live: LiveSocket; clock: Clock; ticker: Ticker; causes: CauseLoader; lastBuilds: LastBuildsLoader; rights: RightsLoader }

export const ServicesContext = createContext<Services | null>(null)

export function useServices(): Services {
  const services = useContext(ServicesContext)
  if (!services) throw new Error('no services: this component must be rendered below ServicesContext')
  return services
}

const still = (): (() => void) => () => undefined

/** Epoch seconds; renders every second, or (not `ticking`) whenever something else does. */
export function useNow(ticking = true): number {
  const { ticker } = useServices()
  return useSyncExternalStore(ticking ? ticker.subscribe : still, ticker.seconds)
}
