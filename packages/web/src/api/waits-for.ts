import type { BuildRequest } from '@yardmaster/rest'
import { useQuery } from '@tanstack/react-query'
import { useServices } from '../services.js'

/** It changes without an event. */
const pollEveryMs = 5_000

/** Why the request was passed over when it was last looked at; null: nothing is known to be in its way. */
export function useWaitsFor({ buildrequestid }: BuildRequest): string | null {
  const { yard } = useServices()
  // One question for all of a page; of the many that are behind others nothing is known.
  const { data } = useQuery({
    queryKey: ['yard', 'waiting'],
    queryFn: async () => new Map((await yard.waitingRequests()).map(request => [request.id, request.waitsFor])),
    refetchInterval: pollEveryMs,
  })
  return data?.get(buildrequestid) ?? null
}
