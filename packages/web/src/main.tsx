import { createClient, createYardClient, RestError } from '@yardmaster/rest'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { BrowserRouter } from 'react-router'
import { createCauseLoader } from './api/cause.js'
import { createLastBuildsLoader } from './api/last-builds.js'
import { createRightsLoader } from './api/rights.js'
import { App } from './app.js'
import { createTicker } from './lib/clock.js'
import type { Clock } from './lib/clock.js'
import { pathOfHash } from './lib/hash-links.js'
import { LiveSocket } from './live/live-socket.js'
import { ServicesContext } from './services.js'
import { noticeRefusals, sessionQuery } from './sign-in/session.js'
import { ErrorBoundary } from './ui/error-boundary.js'
import './styles/tokens.css'
import './styles/base.css'
import './styles/pages.css'
import './styles/build.css'
import './styles/workers.css'
import './styles/machines.css'
import './styles/schedulers.css'
import './styles/force.css'
import './styles/change-sources.css'
import './styles/deliveries.css'
import './styles/search.css'
import './styles/access.css'
import './styles/sign-in.css'
import './styles/lists.css'

const base = new URL('.', document.baseURI)
const clock: Clock = {
  now: () => Date.now(),
  setTimeout(run, ms) {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
}

const oldLink = pathOfHash(window.location.hash)
if (oldLink !== undefined) window.history.replaceState(null, '', new URL(`.${oldLink}`, base))

const socketUrl = new URL('ws', base)
socketUrl.protocol = base.protocol === 'https:' ? 'wss:' : 'ws:'
const live = new LiveSocket({
  url: socketUrl.href, clock, random: Math.random, isHidden: () => document.visibilityState === 'hidden',
  onDenied: () => void queries.invalidateQueries(sessionQuery, { cancelRefetch: false }),
})
live.connect()
// A machine that slept, or is in another network, may have lost the connection without a word.
for (const moment of ['online', 'focus', 'pageshow']) window.addEventListener(moment, () => live.connect())
document.addEventListener('resume', () => live.connect())
document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && live.connect())

// Who was refused, or asked for what there is not, is told at once.
const isFinal = (error: unknown): boolean => error instanceof RestError && error.status < 500 && error.status !== 429
const api = createClient({ baseUrl: base.href })
const queries = new QueryClient({ defaultOptions: { queries: { refetchOnWindowFocus: false, refetchOnMount: 'always', retry: (failures, error) => failures === 0 && !isFinal(error) } } })
noticeRefusals(queries)
// What failed while the server was away is no event, so nothing else would bring it.
live.onStatus(() => live.status === 'live' && void queries.invalidateQueries({ predicate: ({ state }) => state.status === 'error' }))
const yard = createYardClient({ baseUrl: base.href })
const services = { api, yard, live, clock, ticker: createTicker(clock), causes: createCauseLoader(api), lastBuilds: createLastBuildsLoader(api), rights: createRightsLoader(yard) }

const root = document.getElementById('root')
if (!root) throw new Error('index.html has no element with the id "root" to draw into')
createRoot(root).render(
  <StrictMode>
    <ServicesContext value={services}>
      <QueryClientProvider client={queries}>
        <BrowserRouter basename={base.pathname}>
          <ErrorBoundary>
            <App />
          </ErrorBoundary>
        </BrowserRouter>
      </QueryClientProvider>
    </ServicesContext>
  </StrictMode>,
)
