import type { BuildMachine, Explanation, Instance, InstanceDetails, InstanceFilter, Pool, PoolAction, StopInstanceBody } from '@yardmaster/rest'
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { UseMutationResult, UseQueryResult } from '@tanstack/react-query'
import { useServices } from '../services.js'
import { useLiveStatus } from '../live/live-query.js'
import { useTell } from '../ui/toasts.js'
import { useAgainOn } from './again-on.js'

const root = ['yard', 'machines']
const paths = ['instances/*/*', 'pools/*/*']
/** Costs and waiting builds change without an event. */
const liveEveryMs = 30_000
const pollEveryMs = 10_000
const most = 1_000
/** A busy pool has an event for each build. */
const gatherMs = 500

function useEvery(): number {
  return useLiveStatus() === 'live' ? liveEveryMs : pollEveryMs
}

/** All pools; asked for again when an event speaks of one or of a machine. */
export function usePools(): UseQueryResult<Pool[]> {
  const { yard } = useServices()
  useAgainOn(paths, root, gatherMs)
  return useQuery({ queryKey: [...root, 'pools'], queryFn: () => yard.pools(), refetchInterval: useEvery() })
}

/** Pools come with configurations. */
const newPoolsMs = 60_000
const nobody: ReadonlySet<number> = new Set()

/** Ids of all workers of pools: who is away among them is not missing. Empty where no pool is configured. */
export function useLatentWorkers(): ReadonlySet<number> {
  const { yard } = useServices()
  const { data } = useQuery({ queryKey: ['yard', 'latent'], queryFn: async () => new Set((await yard.pools()).flatMap(pool => pool.workers)), staleTime: newPoolsMs, refetchInterval: newPoolsMs, refetchOnMount: true, structuralSharing: false })
  return data ?? nobody
}

/** Machines, the newest first. */
export function useInstances(filter: InstanceFilter): UseQueryResult<{ instances: Instance[]; next: number | null }> {
  const { yard } = useServices()
  useAgainOn(paths, root, gatherMs)
  return useQuery({ queryKey: [...root, 'list', filter], queryFn: () => yard.instances(filter), refetchInterval: useEvery(), placeholderData: keepPreviousData })
}

export const openMachines: InstanceFilter = { open: true, limit: most }

export function useInstance(id: number): UseQueryResult<InstanceDetails> {
  const { yard } = useServices()
  useAgainOn([`instances/${id}/*`], [...root, 'one', id])
  return useQuery({ queryKey: [...root, 'one', id], queryFn: () => yard.instance(id), refetchInterval: useEvery(), enabled: Number.isSafeInteger(id) })
}

/** The machine that a build runs or ran on; null: none of ours. */
export function useMachineOf(buildid: number, complete: boolean): BuildMachine | null | undefined {
  const { yard } = useServices()
  return useQuery({ queryKey: [...root, 'of-build', buildid, complete], queryFn: () => yard.machineOfBuild(buildid), placeholderData: keepPreviousData, refetchInterval: useEvery() }).data
}

/** Why the pool has as many machines as it has. */
export function useExplanation(pool: number): Explanation | undefined {
  const { yard } = useServices()
  return useQuery({ queryKey: [...root, 'explain', pool], queryFn: async () => (await yard.explain('pools', pool))[0], refetchInterval: pollEveryMs, placeholderData: keepPreviousData }).data
}

type PoolControl = { pool: Pool; action: PoolAction; reason?: string }

/** One control action on a pool; a refusal is told. */
export function usePoolControl(): UseMutationResult<Pool, unknown, PoolControl> {
  const { yard } = useServices()
  const client = useQueryClient()
  const tell = useTell()
  return useMutation({
    mutationFn: ({ pool, action, reason }: PoolControl) => yard.controlPool(pool.id, action, reason === undefined ? {} : { reason }),
    onSuccess: after => client.setQueryData<Pool[]>([...root, 'pools'], all => all?.map(pool => (pool.id === after.id ? after : pool))),
    onError: (error, { pool, action }) => tell.error(`${pool.name}: ${action} failed`, error),
  })
}

/** Stops a machine; a refusal is told. */
export function useStopInstance(): UseMutationResult<Instance, unknown, { instance: Instance; body: StopInstanceBody }> {
  const { yard } = useServices()
  const client = useQueryClient()
  const tell = useTell()
  return useMutation({
    mutationFn: ({ instance, body }) => yard.stopInstance(instance.id, body),
    onSuccess: () => client.invalidateQueries({ queryKey: root }),
    onError: (error, { instance }) => tell.error(`machine ${instance.id}: stop failed`, error),
  })
}
