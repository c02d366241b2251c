import type { Build, Builder, YardWorker } from '@yardmaster/rest'
import { useMemo } from 'react'
import type { ReactElement } from 'react'
import { Link } from 'react-router'
import { buildersQuery, runningBuildsQuery } from '../../api/queries.js'
import { useWorkerControl, useYardWorkers } from '../../api/yard-workers.js'
import { groupBy } from '../../lib/collections.js'
import { count } from '../../lib/format.js'
import { bytes } from '../../lib/format.js'
import { isDormant, workerState } from '../../lib/worker-state.js'
import { useLiveQuery } from '../../live/live-query.js'
import { useNow, useServices } from '../../services.js'
import { BuildChip } from '../../ui/build-chip.js'
import { FilterBox, useFilter } from '../../ui/filter-box.js'
import { PageTitle } from '../../ui/page-title.js'
import { Empty, Failed, Loading } from '../../ui/states.js'
import { VirtualRows } from '../../ui/virtual-rows.js'
import { ActButton } from '../../ui/act-button.js'

const rowHeight = { wide: 41, narrow: 73 }
const idOf = (worker: YardWorker): number => worker.id

export function WorkersPage(): ReactElement {
  const { api } = useServices()
  const workers = useYardWorkers()
  const running = useLiveQuery(runningBuildsQuery(api)).data
  const builders = useLiveQuery(buildersQuery(api)).data
  const { text } = useFilter()
  const byWorker = useMemo(() => groupBy(running?.values() ?? [], build => build.workerid), [running])
  const names = useMemo(() => new Map(builders?.map(builder => [builder.builderid, builder])), [builders])
  if (workers.isError && !workers.data) return <Failed what="The workers" error={workers.error} retry={() => void workers.refetch()} />
  if (!workers.data) return <Loading />
  // Slots of pools are many, and mostly empty.
  const dormant = workers.data.filter(isDormant).length
  const shown = workers.data.filter(worker => searched(worker).includes(text) && (text !== '' || !isDormant(worker)))
  const connected = workers.data.filter(worker => worker.connected).length
  return (
    <section className="page">
      <PageTitle>Workers</PageTitle>
      <div className="page-head">
        <h1>Workers</h1>
        <p className="muted">{connected} of {count(workers.data.length - dormant, 'worker')} connected</p>
        <FilterBox label="Filter workers by name or label" />
      </div>
      {workers.data.length === 0 && <Empty title="No workers yet">Name one under <code>workers</code> in yard.config.ts, then start it with <code>yard worker</code>.</Empty>}
      {workers.data.length > 0 && shown.length === 0 && text !== '' && <Empty title={`No worker has “${text}” in its name or labels`} />}
      {shown.length > 0 && (
        <VirtualRows items={shown} rowHeight={rowHeight} keyOf={idOf} label="Workers">
          {worker => <WorkerRow worker={worker} builds={byWorker.get(worker.id) ?? []} builders={names} />}
        </VirtualRows>
      )}
      {dormant > 0 && text === '' && <p className="muted dormant" data-testid="dormant-workers">{shown.length > 0 && 'and '}{count(dormant, 'latent worker')} without a <Link to="/machines">machine</Link>: one is started when a build waits</p>}
    </section>
  )
}

function searched({ name, labels }: YardWorker): string {
  return [name, ...Object.entries(labels).map(([label, value]) => `${label}=${value}`)].join(' ').toLowerCase()
}

function WorkerRow({ worker, builds, builders }: { worker: YardWorker; builds: readonly Build[]; builders: ReadonlyMap<number, Builder> }): ReactElement {
  const state = workerState(worker, useNow())
  return (
    <div className="row worker-row" data-testid="worker-row" data-worker={worker.name}>
      <span className={`state state-${state.kind}`} data-testid="worker-state"><i aria-hidden="true" />{state.text}</span>
      <span className="row-name" title={worker.notes ?? ''}><Link to={`/workers/${worker.id}`}>{worker.name}</Link></span>
      <span className="chips">
        {builds.map(build => <BuildChip key={build.buildid} build={build} name={builders.get(build.builderid)?.name} />)}
        {state.why && <span className="muted why" title={state.why}>{state.why}</span>}
      </span>
      <Labels worker={worker} />
      <Load worker={worker} />
      <PauseButton worker={worker} />
    </div>
  )
}

function Labels({ worker: { labels } }: { worker: YardWorker }): ReactElement {
  const all = Object.entries(labels).filter(([name]) => name !== 'host')
  const text = all.map(([name, value]) => `${name}=${value}`).join(' ')
  return <span className="tags worker-labels" title={text}>{all.map(([name, value]) => <span key={name} className="tag">{name === 'os' || name === 'arch' ? value : `${name}=${value}`}</span>)}</span>
}

function Load({ worker: { status, connected } }: { worker: YardWorker }): ReactElement {
  if (!status || !connected) return <span className="row-count muted" />
  return <span className="row-count muted" title={`load of the last minute, and free space; ${bytes(status.memoryFreeBytes)} of memory free`}>{status.load1.toFixed(2)} · {bytes(status.diskFreeBytes)}</span>
}

function PauseButton({ worker }: { worker: YardWorker }): ReactElement {
  const control = useWorkerControl()
  return (
    <ActButton act={{ thing: 'workers', id: worker.id, action: worker.paused ? 'unpause' : 'pause' }} className="small" disabled={control.isPending} onClick={() => control.mutate({ worker, action: worker.paused ? 'unpause' : 'pause', reason: 'on the web page' })}>
      {worker.paused ? 'Unpause' : 'Pause'}
    </ActButton>
  )
}
