import type { SchedulerAction, YardScheduler } from '@yardmaster/rest'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { UseMutationResult, UseQueryResult } from '@tanstack/react-query'
import { useLiveStatus } from '../live/live-query.js'
import { useServices } from '../services.js'
import { useTell } from '../ui/toasts.js'
import { useAgainOn } from './again-on.js'

const key = ['yard', 'schedulers']
const paths = ['schedulers/*/*', 'changes/*/*']
/** Trees become stable, and are built, without an event of their own. */
const liveEveryMs = 5_000
const gatherMs = 500

/** All schedulers, by name; asked for again when an event speaks of one or of a change. */
export function useSchedulers(): UseQueryResult<YardScheduler[]> {
  const { yard } = useServices()
  useAgainOn(paths, key, gatherMs)
  return useQuery({ queryKey: key, queryFn: () => yard.schedulers(), refetchInterval: useLiveStatus() === 'live' ? liveEveryMs : 2 * liveEveryMs })
}

/** Enables or disables a scheduler; a refusal is told. */
export function useSchedulerControl(): UseMutationResult<YardScheduler, unknown, { scheduler: YardScheduler; action: SchedulerAction }> {
  const { yard } = useServices()
  const client = useQueryClient()
  const tell = useTell()
  return useMutation({
    mutationFn: ({ scheduler, action }) => yard.controlScheduler(scheduler.id, action),
    onSuccess: after => client.setQueryData<YardScheduler[]>(key, all => all?.map(scheduler => (scheduler.id === after.id ? after : scheduler))),
    onError: (error, { scheduler, action }) => tell.error(`${scheduler.name}: ${action} failed`, error),
  })
}
