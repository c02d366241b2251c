import type { Build, Builder, YardWorker } from '@yardmaster/rest'
import { useMemo, useState } from 'react'
import type { ReactElement } from 'react'
import { Link, useParams } from 'react-router'
import { buildersQuery, buildsOfWorkerQuery } from '../../api/queries.js'
import { useYardWorkers } from '../../api/yard-workers.js'
import { outcomeOf } from '../../lib/results.js'
import { workerState } from '../../lib/worker-state.js'
import { useLiveQuery } from '../../live/live-query.js'
import { useNow, useServices } from '../../services.js'
import { buildPath, BuildChip } from '../../ui/build-chip.js'
import { PageTitle } from '../../ui/page-title.js'
import { Empty, Failed, Loading } from '../../ui/states.js'
import { Ago, Elapsed } from '../../ui/times.js'
import { MachineHistory } from '../machines/machine-history.js'
import { NotFoundPage } from '../not-found-page.js'
import { WorkerActions } from './worker-actions.js'
import { InfoFiles, WorkerFacts } from './worker-facts.js'

const pageSize = 50

export function WorkerPage(): ReactElement {
  const { workerid } = useParams()
  const workers = useYardWorkers()
  if (workers.isError && !workers.data) return <Failed what="The worker" error={workers.error} retry={() => void workers.refetch()} />
  if (!workers.data) return <Loading />
  const worker = workers.data.find(({ id, name }) => String(id) === workerid || name === workerid)
  return worker ? <KnownWorker key={worker.id} worker={worker} /> : <NotFoundPage what={`There is no worker ${workerid}`} />
}

function KnownWorker({ worker }: { worker: YardWorker }): ReactElement {
  const { api } = useServices()
  const builders = useLiveQuery(buildersQuery(api)).data
  const names = useMemo(() => new Map(builders?.map(builder => [builder.builderid, builder])), [builders])
  const state = workerState(worker, useNow())
  const labels = Object.entries(worker.labels)
  const mine = worker.builders.map(id => names.get(id)).filter(builder => builder !== undefined)
  return (
    <section className="page" data-testid="worker-page">
      <PageTitle>{worker.name}</PageTitle>
      <p className="crumbs"><Link to="/workers">Workers</Link></p>
      <div className="page-head">
        <h1>{worker.name}</h1>
        <span className={`state state-${state.kind}`} data-testid="worker-state"><i aria-hidden="true" />{state.text}</span>
        <span className="tags worker-all-labels">{labels.map(([name, value]) => <span key={name} className="tag" title={Object.hasOwn(worker.configuredLabels, name) ? 'configured' : 'said by the worker'}>{name}={value}</span>)}</span>
        <WorkerActions worker={worker} />
      </div>
      {state.why && <p className={`notice notice-${state.kind}`} data-testid="worker-why"><strong>{state.text[0]?.toUpperCase()}{state.text.slice(1)}</strong> {state.why}</p>}
      <WorkerFacts worker={worker} />
      <InfoFiles worker={worker} />
      {mine.length > 0 && (
        <section className="block" aria-label="Builders">
          <h2>Builders</h2>
          <p className="worker-names">{mine.slice(0, 60).map(builder => <Link key={builder.builderid} to={`/builders/${builder.builderid}`}>{builder.name}</Link>)}{mine.length > 60 && <span className="muted">and {mine.length - 60} more</span>}</p>
        </section>
      )}
      <MachineHistory title="Machines" filter={{ worker: worker.name }} />
      <Builds worker={worker} builders={names} />
    </section>
  )
}

function Builds({ worker, builders }: { worker: YardWorker; builders: ReadonlyMap<number, Builder> }): ReactElement {
  const { api } = useServices()
  const [limit, setLimit] = useState(pageSize)
  const builds = useLiveQuery(buildsOfWorkerQuery(api, worker.id, limit), true, 'keep')
  if (builds.isError && !builds.data) return <Failed what="The builds" error={builds.error} retry={() => void builds.refetch()} />
  if (!builds.data) return <Loading />
  if (builds.data.length === 0) return <Empty title="It has built nothing yet" />
  return (
    <section className="block" aria-label="Builds">
      <h2>Builds</h2>
      <table className="table worker-builds" data-testid="worker-builds">
        <thead><tr><th>Build</th><th>Builder</th><th>State</th><th className="right">Started</th><th className="right">Duration</th></tr></thead>
        <tbody>{builds.data.map(build => <BuildRow key={build.buildid} build={build} builder={builders.get(build.builderid)} />)}</tbody>
      </table>
      {builds.data.length >= limit && <p className="after"><button type="button" onClick={() => setLimit(limit + 2 * pageSize)} disabled={builds.isFetching}>Show older builds</button></p>}
    </section>
  )
}

function BuildRow({ build, builder }: { build: Build; builder: Builder | undefined }): ReactElement {
  return (
    <tr data-result={outcomeOf(build)}>
      <td><BuildChip build={build} /></td>
      <td className="worker-builder">{builder && <Link to={`/builders/${builder.builderid}`}>{builder.name}</Link>}</td>
      <td className="state-string"><Link to={buildPath(build)}>{build.state_string}</Link></td>
      <td className="right"><Ago at={build.started_at} /></td>
      <td className="right"><Elapsed from={build.started_at} to={build.complete_at} /></td>
    </tr>
  )
}
