import { useQuery } from '@tanstack/react-query'
import { useServices } from '../services.js'
import type { Cause } from './cause.js'

/** Why the request exists; undefined while loading, null when nothing is known of it. It never changes. */
export function useCause(buildrequestid: number): Cause | null | undefined {
  const { causes } = useServices()
  return useQuery({ queryKey: ['cause', buildrequestid], queryFn: () => causes(buildrequestid), staleTime: Infinity, refetchOnMount: false }).data
}
