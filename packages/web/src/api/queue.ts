import type { BuildRequest, Explanation, YardClient } from '@yardmaster/rest'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { UseMutationResult } from '@tanstack/react-query'
import { useServices } from '../services.js'
import { useTell } from '../ui/toasts.js'
import { useAgainOn } from './again-on.js'

/** What runs elsewhere, and how long, changes without an event of the request. */
const pollEveryMs = 5_000

/** Why the request waits, or why it ended without a build; and of the pools that could help, the same. */
export function useExplanation({ buildrequestid, builderid }: BuildRequest): Explanation[] | undefined {
  const { yard } = useServices()
  const key = ['yard', 'explain', 'request', buildrequestid]
  useAgainOn([`buildrequests/${buildrequestid}/*`, `builders/${builderid}/builds/*/*`, 'workers/*/*'], key)
  return useQuery({ queryKey: key, queryFn: () => yard.explain('requests', buildrequestid), refetchInterval: pollEveryMs }).data
}

/** One control action on what waits; a refusal is told with `failure` before it. */
export function useQueueControl<T>(failure: string, work: (yard: YardClient) => Promise<T>): UseMutationResult<T, unknown, void> {
  const { yard } = useServices()
  const client = useQueryClient()
  const tell = useTell()
  return useMutation({
    mutationFn: () => work(yard),
    onSuccess: () => client.invalidateQueries({ queryKey: ['yard'] }),
    onError: error => tell.error(failure, error),
  })
}
