import type { Delivery, DeliveryDetails, DeliveryFilter } from '@yardmaster/rest'
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { UseMutationResult, UseQueryResult } from '@tanstack/react-query'
import { useServices } from '../services.js'
import { useLiveStatus } from '../live/live-query.js'
import { useTell } from '../ui/toasts.js'
import { useAgainOn } from './again-on.js'

const root = ['yard', 'deliveries']
const pollEveryMs = 10_000
/** A storm of hooks is asked for once. */
const gatherMs = 500

const useEvery = (): number | false => (useLiveStatus() === 'live' ? false : pollEveryMs)

/** What hooks were told, the newest first; asked for again when an event speaks of one. */
export function useDeliveries(filter: DeliveryFilter): UseQueryResult<{ deliveries: Delivery[]; next: number | null }> {
  const { yard } = useServices()
  useAgainOn(['deliveries/*/*'], root, gatherMs)
  return useQuery({ queryKey: [...root, 'list', filter], queryFn: () => yard.deliveries(filter), refetchInterval: useEvery(), placeholderData: keepPreviousData })
}

/** Hooks come with configurations. */
const newHooksMs = 60_000

/** Whether hooks were told anything of late. */
export function useHasDeliveries(): boolean {
  const { yard } = useServices()
  const { data } = useQuery({ queryKey: ['yard', 'has-deliveries'], queryFn: async () => (await yard.deliveries({ limit: 1 })).deliveries.length > 0, staleTime: newHooksMs, refetchInterval: newHooksMs, refetchOnMount: true })
  return data ?? false
}

/** One with what was sent; null: none is asked for. */
export function useDelivery(id: number | null): UseQueryResult<DeliveryDetails> {
  const { yard } = useServices()
  return useQuery({ queryKey: [...root, 'one', id], queryFn: () => yard.delivery(id ?? 0), enabled: id !== null, refetchInterval: useEvery() })
}

/** Has one worked on once more; a refusal is told. */
export function useRedeliver(): UseMutationResult<Delivery, unknown, Delivery> {
  const { yard } = useServices()
  const client = useQueryClient()
  const tell = useTell()
  return useMutation({
    mutationFn: ({ id }) => yard.redeliver(id),
    onSuccess: () => client.invalidateQueries({ queryKey: root }),
    onError: (error, { id }) => tell.error(`delivery ${id}: redeliver failed`, error),
  })
}
