import type { Instance, InstanceFilter } from '@yardmaster/rest'
import { useState } from 'react'
import type { ReactElement } from 'react'
import { Link } from 'react-router'
import { useInstances } from '../../api/machines.js'
import { duration } from '../../lib/format.js'
import { costOf, machineWhy } from '../../lib/machine-state.js'
import { Failed, Loading } from '../../ui/states.js'
import { Ago, Elapsed } from '../../ui/times.js'
import { instancePath, MachineState } from './machine-row.js'

const pageSize = 25

/** The machines of a pool or of a worker, the newest first: how long each booted and was there, what it built and cost, and why it went. Nothing when there was none. */
export function MachineHistory({ title, filter }: { title: string; filter: InstanceFilter }): ReactElement | null {
  const [limit, setLimit] = useState(pageSize)
  const found = useInstances({ ...filter, limit })
  if (found.isError && !found.data) return <Failed what="The machines" error={found.error} retry={() => void found.refetch()} />
  if (!found.data) return <Loading />
  const { instances, next } = found.data
  if (instances.length === 0) return null
  return (
    <section className="block" aria-label={title}>
      <h2>{title}</h2>
      <table className="table machine-history" data-testid="machine-history">
        <thead><tr><th>State</th><th>{filter.worker === undefined ? 'Worker' : 'Machine'}</th><th>Why</th><th className="right">Booted in</th><th className="right">Builds</th><th className="right">Cost</th><th className="right">There for</th><th className="right">Asked for</th></tr></thead>
        <tbody>{instances.map(instance => <HistoryRow key={instance.id} instance={instance} ofWorker={filter.worker !== undefined} />)}</tbody>
      </table>
      {next !== null && limit < 1000 && <p className="after"><button type="button" onClick={() => setLimit(Math.min(1000, limit * 4))} disabled={found.isFetching}>Show older machines</button></p>}
    </section>
  )
}

function HistoryRow({ instance, ofWorker }: { instance: Instance; ofWorker: boolean }): ReactElement {
  const { requestedAt, createdAt, connectedAt, goneAt } = instance
  return (
    <tr data-testid="history-row" data-state={instance.state}>
      <td><MachineState instance={instance} /></td>
      <td className="machine-name"><Link to={instancePath(instance)}>{ofWorker ? `machine ${instance.attempt}` : instance.worker}</Link></td>
      <td className={instance.failure ? 'machine-why machine-failure' : 'machine-why'} title={machineWhy(instance)}>{machineWhy(instance)}</td>
      <td className="right time">{connectedAt !== null && duration(connectedAt - requestedAt)}</td>
      <td className="right time">{instance.uses}</td>
      <td className="right time">{costOf(instance) ?? ''}</td>
      <td className="right">{createdAt !== null && <Elapsed from={createdAt} to={goneAt} />}</td>
      <td className="right muted"><Ago at={requestedAt} /></td>
    </tr>
  )
}
