import type { WorkerAction, YardWorker } from '@yardmaster/rest'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { UseMutationResult, UseQueryResult } from '@tanstack/react-query'
import { useServices } from '../services.js'
import { useLiveStatus } from '../live/live-query.js'
import { useTell } from '../ui/toasts.js'
import { useAgainOn } from './again-on.js'

const key = ['yard', 'workers']
const paths = ['workers/*/*']
/** Their load is told without an event. */
const loadEveryMs = 30_000
const pollEveryMs = 10_000

/** All workers, in the order of their names; asked for again when an event speaks of one. */
export function useYardWorkers(): UseQueryResult<YardWorker[]> {
  const { yard } = useServices()
  const status = useLiveStatus()
  useAgainOn(paths, key)
  return useQuery({
    queryKey: key,
    queryFn: async () => (await yard.workers()).toSorted((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true })),
    refetchInterval: status === 'live' ? loadEveryMs : pollEveryMs,
  })
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
