import type { Build, WorkerAction, YardWorker } from '@yardmaster/rest'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { UseMutationResult, UseQueryResult } from '@tanstack/react-query'
import { useMemo } from 'react'
import { groupBy } from '../lib/collections.js'
import { useServices } from '../services.js'
import { useLiveQuery, useLiveStatus } from '../live/live-query.js'
import { useTell } from '../ui/toasts.js'
import { useAgainOn } from './again-on.js'
import { mostRunning, runningBuildsQuery } from './queries.js'

const key = ['yard', 'workers']
const paths = ['workers/*/*']
/** Their load is told without an event. */
const loadEveryMs = 30_000
const pollEveryMs = 10_000

/** All workers, in the order of their names; asked for again when an event speaks of one. Their builds begin and end by events of their own. */
export function useYardWorkers(): Pick<UseQueryResult<YardWorker[]>, 'data' | 'isError' | 'error' | 'refetch'> {
  const { api, yard } = useServices()
  const status = useLiveStatus()
  useAgainOn(paths, key)
  const { data, isError, error, refetch } = useQuery({
    queryKey: key,
    queryFn: async () => (await yard.workers()).toSorted((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true })),
    refetchInterval: status === 'live' ? loadEveryMs : pollEveryMs,
  })
  const running = useLiveQuery(runningBuildsQuery(api)).data
  return { data: useMemo(() => withRunning(data, running), [data, running]), isError, error, refetch }
}

function withRunning(workers: YardWorker[] | undefined, running: ReadonlyMap<number, Build> | undefined): YardWorker[] | undefined {
  if (!running || running.size >= mostRunning) return workers
  const builds = groupBy(running.values(), build => build.workerid)
  return workers?.map(worker => ({ ...worker, builds: builds.get(worker.id)?.length ?? 0 }))
}

type Control = { worker: YardWorker; action: WorkerAction; reason?: string }

/** One control action on a worker; a refusal is told. */
export function useWorkerControl(): UseMutationResult<YardWorker, unknown, Control> {
  const { yard } = useServices()
  const client = useQueryClient()
  const tell = useTell()
  return useMutation({
    mutationFn: ({ worker, action, reason }: Control) => yard.controlWorker(worker.id, action, reason === undefined ? {} : { reason }),
    onSuccess: after => client.setQueryData<YardWorker[]>(key, all => all?.map(worker => (worker.id === after.id ? after : worker))),
    onError: (error, { worker, action }) => tell.error(`${worker.name}: ${action} failed`, error),
  })
}
