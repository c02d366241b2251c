import type { ChangeSource } from '@yardmaster/rest'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { UseMutationResult, UseQueryResult } from '@tanstack/react-query'
import { useLiveStatus } from '../live/live-query.js'
import { useServices } from '../services.js'
import { useTell } from '../ui/toasts.js'
import { useAgainOn } from './again-on.js'

const key = ['yard', 'changesources']
const paths = ['changesources/*/*', 'changes/*/*']
/** A poll that finds nothing has no event. */
const liveEveryMs = 5_000
const gatherMs = 300

/** All of them, by name; asked for again when an event speaks of one or of a change. */
export function useChangeSources(): UseQueryResult<ChangeSource[]> {
  const { yard } = useServices()
  useAgainOn(paths, key, gatherMs)
  return useQuery({ queryKey: key, queryFn: () => yard.changeSources(), refetchInterval: useLiveStatus() === 'live' ? liveEveryMs : 2 * liveEveryMs })
}

/** Has one polled now; a refusal is told. */
export function usePollNow(): UseMutationResult<ChangeSource, unknown, ChangeSource> {
  const { yard } = useServices()
  const client = useQueryClient()
  const tell = useTell()
  return useMutation({
    mutationFn: ({ id }) => yard.pollChangeSource(id),
    onSuccess: after => client.setQueryData<ChangeSource[]>(key, all => all?.map(source => (source.id === after.id ? after : source))),
    onError: (error, { name }) => tell.error(`${name}: cannot be polled`, error),
  })
}
