import type { Build, Builder, Instance, Pool } from '@yardmaster/rest'
import { useMemo } from 'react'
import type { ReactElement } from 'react'
import { openMachines, useInstances, usePools } from '../../api/machines.js'
import { buildersQuery, runningBuildsQuery } from '../../api/queries.js'
import { groupBy } from '../../lib/collections.js'
import { count } from '../../lib/format.js'
import { machineWhy, money } from '../../lib/machine-state.js'
import { useLiveQuery } from '../../live/live-query.js'
import { useServices } from '../../services.js'
import { FilterBox, useFilter } from '../../ui/filter-box.js'
import { PageTitle } from '../../ui/page-title.js'
import { Empty, Failed, Loading } from '../../ui/states.js'
import { VirtualRows } from '../../ui/virtual-rows.js'
import { MachineRow } from './machine-row.js'
import { PoolHead } from './pool-head.js'

const rowHeight = { wide: 41, narrow: 73 }
const idOf = (instance: Instance): number => instance.id

/** Pools of machines, and the machines of each that are there. */
export function MachinesPage(): ReactElement {
  const pools = usePools()
  const machines = useInstances(openMachines)
  const { text } = useFilter()
  if (pools.isError && !pools.data) return <Failed what="The pools" error={pools.error} retry={() => void pools.refetch()} />
  if (!pools.data || !machines.data) return <Loading />
  const { instances } = machines.data
  const shown = pools.data.map(pool => ({ pool, found: instances.filter(instance => instance.pool === pool.name && (pool.name.toLowerCase().includes(text) || searched(instance).includes(text))) }))
    .filter(({ pool, found }) => text === '' || found.length > 0 || pool.name.toLowerCase().includes(text))
  return (
    <section className="page" data-testid="machines-page">
      <PageTitle>Machines</PageTitle>
      <div className="page-head">
        <h1>Machines</h1>
        <p className="muted">{count(instances.filter(instance => instance.desired === 'running').length, 'machine')} in {count(pools.data.length, 'pool')}{spentToday(pools.data)}</p>
        <FilterBox label="Filter machines" />
      </div>
      {pools.data.length === 0 && <Empty title="No pools yet">Name one with <code>workers.pool(…)</code>, or a latent worker such as <code>workers.upcloud(…)</code>, under <code>workers</code> in yard.config.ts.</Empty>}
      {pools.data.length > 0 && shown.length === 0 && <Empty title={`No pool and no machine has “${text}” in its name, place or reason`} />}
      {shown.map(({ pool, found }) => <PoolCard key={pool.id} pool={pool} machines={found} />)}
    </section>
  )
}

function searched(instance: Instance): string {
  return [instance.worker, instance.zone, instance.plan, instance.state, instance.externalId, instance.address, machineWhy(instance)].join(' ').toLowerCase()
}

function spentToday(pools: readonly Pool[]): string {
  const sums = new Map<string, number>()
  for (const { spent } of pools) if (spent) sums.set(spent.currency, (sums.get(spent.currency) ?? 0) + spent.today)
  return [...sums].map(([currency, amount]) => `, ${money(amount, currency)} today`).join('')
}

function PoolCard({ pool, machines }: { pool: Pool; machines: readonly Instance[] }): ReactElement {
  return (
    <section className="pool" aria-label={pool.name} data-testid="pool" data-pool={pool.name}>
      <PoolHead pool={pool} level={2} />
      {machines.length > 0 ? <MachineRows machines={machines} /> : <p className="pool-none muted">No machine is there{pool.waiting === 0 ? ': no build waits for one' : ''}.</p>}
    </section>
  )
}

export function MachineRows({ machines }: { machines: readonly Instance[] }): ReactElement {
  const { api } = useServices()
  const running = useLiveQuery(runningBuildsQuery(api)).data
  const builders = useLiveQuery(buildersQuery(api)).data
  const byWorker = useMemo(() => groupBy(running?.values() ?? [], build => build.workerid), [running])
  const names = useMemo(() => new Map(builders?.map((builder): [number, Builder] => [builder.builderid, builder])), [builders])
  const none: readonly Build[] = []
  // By name, so that none moves when another comes.
  const inOrder = useMemo(() => machines.toSorted((a, b) => a.worker.localeCompare(b.worker, 'en', { numeric: true }) || b.id - a.id), [machines])
  return (
    <VirtualRows items={inOrder} rowHeight={rowHeight} keyOf={idOf} label="Machines">
      {instance => <MachineRow instance={instance} builds={instance.connected ? byWorker.get(instance.workerId) ?? none : none} builders={names} />}
    </VirtualRows>
  )
}
