import { hashKey, keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query'
import type { UseQueryResult } from '@tanstack/react-query'
import type { LiveEvent } from '@yardmaster/rest'
import { useEffect, useSyncExternalStore } from 'react'
import { useServices } from '../services.js'
import type { Services } from '../services.js'
import type { LiveStatus } from './live-socket.js'
import { NewestEvents } from './newest.js'
import { paced } from './paced.js'

/** Data that is fetched once and then kept true by events. */
export type LiveQuery<T> = {
  key: readonly unknown[]
  paths: readonly string[]
  fetch: () => Promise<T>
  /** Must bear an event that the data already has. */
  apply: (data: T, event: LiveEvent) => T
}

/** How long a fetch waits for the subscription that makes it gapless. */
const patience = 300
/** Events are applied in batches: a busy installation has hundreds per second. The more rows they were about, the longer until the next. */
const frame = 80
const restPerRow = 25
const longestRest = 1_000
const pollEvery = 10_000

export function useLiveStatus(): LiveStatus {
  const { live } = useServices()
  return useSyncExternalStore(listener => live.onStatus(listener), () => live.status)
}

/** Polls only while there is no live connection, or no answer. `meanwhile` keep: until the data of a new key is there, that of the last is shown. */
export function useLiveQuery<T>(query: LiveQuery<T>, enabled = true, meanwhile: 'nothing' | 'keep' = 'nothing'): UseQueryResult<T> {
  const services = useServices()
  const { live, clock } = services
  const client = useQueryClient()
  const status = useLiveStatus()
  const identity = JSON.stringify([query.key, query.paths])

  useEffect(() => {
    if (!enabled) return
    const waiting = new NewestEvents()
    const pace = paced(() => {
      const events = waiting.take()
      client.setQueryData<T>(query.key, data => (data === undefined ? data : events.reduce(query.apply, data)))
      return Math.min(longestRest, Math.max(frame, restPerRow * events.length))
    }, clock, frame)
    let again = false
    const close = live.subscribe(query.paths, {
      event: event => {
        waiting.add(event)
        pace.call()
      },
      confirmed: () => {
        if (again || uncovered.has(hashKey(query.key))) void client.invalidateQueries({ queryKey: query.key, exact: true })
        again = true
      },
    })
    return () => {
      pace.cancel()
      close()
    }
  }, [identity, enabled, live, clock, client])

  return useQuery({
    queryKey: query.key,
    queryFn: () => fetchWithEvents(query, services),
    enabled,
    placeholderData: meanwhile === 'keep' ? keepPreviousData : undefined,
    structuralSharing: false,
    // What somebody else on the page keeps true already need not be asked for again.
    refetchOnMount: query => (query.getObserversCount() > 1 ? false : 'always'),
    refetchInterval: ({ state }) => (status === 'live' && state.status !== 'error' ? false : pollEvery),
  })
}

/** Queries whose last fetch began before their events were sure to arrive. */
const uncovered = new Set<string>()

/** An event between the server's reading and our receiving would be overwritten by the older answer: what arrives meanwhile is applied again. */
async function fetchWithEvents<T>(query: LiveQuery<T>, { live, clock }: Services): Promise<T> {
  const events = new NewestEvents()
  let covered = false
  let close = (): void => undefined
  try {
    await new Promise<void>(go => {
      close = live.subscribe(query.paths, { event: event => events.add(event), confirmed: () => { covered = true; go() } })
      clock.setTimeout(go, patience)
    })
    if (covered) uncovered.delete(hashKey(query.key))
    else uncovered.add(hashKey(query.key))
    const data = await query.fetch()
    return events.take().reduce(query.apply, data)
  } finally {
    close()
  }
}
