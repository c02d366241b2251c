import type { Build, Builder, Worker } from '@yardmaster/rest'
import { useMemo } from 'react'
import type { ReactElement } from 'react'
import { buildersQuery, runningBuildsQuery, workersQuery } from '../api/queries.js'
import { useControl } from '../api/use-control.js'
import { groupBy } from '../lib/collections.js'
import { count } from '../lib/format.js'
import { useLiveQuery } from '../live/live-query.js'
import { useServices } from '../services.js'
import { BuildChip } from '../ui/build-chip.js'
import { FilterBox, useFilter } from '../ui/filter-box.js'
import { PageTitle } from '../ui/page-title.js'
import { Empty, Failed, Loading } from '../ui/states.js'
import { VirtualRows } from '../ui/virtual-rows.js'

const rowHeight = { wide: 41, narrow: 73 }
const idOf = (worker: Worker): number => worker.workerid

export function WorkersPage(): ReactElement {
  const { api } = useServices()
  const workers = useLiveQuery(workersQuery(api))
  const running = useLiveQuery(runningBuildsQuery(api)).data
  const builders = useLiveQuery(buildersQuery(api)).data
  const { text } = useFilter()
  const byWorker = useMemo(() => groupBy(running?.values() ?? [], build => build.workerid), [running])
  const names = useMemo(() => new Map(builders?.map(builder => [builder.builderid, builder])), [builders])
  if (workers.isError && !workers.data) return <Failed what="The workers" error={workers.error} retry={() => void workers.refetch()} />
  if (!workers.data) return <Loading />
  const shown = workers.data.filter(worker => worker.name.toLowerCase().includes(text))
  const connected = workers.data.filter(worker => worker.connected_to.length > 0).length
  return (
    <section className="page">
      <PageTitle>Workers</PageTitle>
      <div className="page-head">
        <h1>Workers</h1>
        <p className="muted">{connected} of {count(workers.data.length, 'worker')} connected</p>
        <FilterBox label="Filter workers by name" />
      </div>
      {workers.data.length === 0 && <Empty title="No workers yet">Name one under <code>workers</code> in yard.config.ts, then start it with <code>yard worker</code>.</Empty>}
      {workers.data.length > 0 && shown.length === 0 && <Empty title={`No worker's name has “${text}” in it`} />}
      {shown.length > 0 && (
        <VirtualRows items={shown} rowHeight={rowHeight} keyOf={idOf} label="Workers">
          {worker => <WorkerRow worker={worker} builds={byWorker.get(worker.workerid) ?? []} builders={names} />}
        </VirtualRows>
      )}
    </section>
  )
}

function WorkerRow({ worker, builds, builders }: { worker: Worker; builds: readonly Build[]; builders: ReadonlyMap<number, Builder> }): ReactElement {
  const connected = worker.connected_to.length > 0
  const state = !connected ? 'not connected' : worker.paused ? 'paused' : worker.graceful ? 'shutting down' : builds.length > 0 ? 'building' : 'idle'
  const serves = new Set(worker.configured_on.map(entry => entry.builderid)).size
  return (
    <div className="row worker-row" data-testid="worker-row" data-worker={worker.name}>
      <span className={`state state-${state.replace(' ', '-')}`} data-testid="worker-state"><i aria-hidden="true" />{state}</span>
      <span className="row-name" title={aboutOf(worker)}><span>{worker.name}</span></span>
      <span className="chips">
        {builds.map(build => <BuildChip key={build.buildid} build={build} name={builders.get(build.builderid)?.name} />)}
        {worker.paused && worker.pause_reason && <span className="muted">{worker.pause_reason}</span>}
      </span>
      <span className="row-count muted">{count(serves, 'builder')}</span>
      <PauseButton worker={worker} />
    </div>
  )
}

function PauseButton({ worker }: { worker: Worker }): ReactElement {
  const method = worker.paused ? 'unpause' : 'pause'
  const control = useControl(`${worker.name} was not ${method}d`)
  return (
    <button type="button" className="small" disabled={control.isPending} onClick={() => control.mutate({ path: `workers/${worker.workerid}`, method, params: { reason: 'on the web page' } })}>
      {worker.paused ? 'Unpause' : 'Pause'}
    </button>
  )
}

/** Version, host and admin as the worker tells them. */
function aboutOf({ workerinfo }: Worker): string {
  return ['version', 'host', 'admin'].map(key => workerinfo[key]).filter(value => typeof value === 'string' && value !== '').join(', ')
}
