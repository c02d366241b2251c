import { RestError, type Instance, type InstanceBuild } from '@yardmaster/rest'
import { useState } from 'react'
import type { ReactElement, ReactNode } from 'react'
import { Link, useParams } from 'react-router'
import { useInstance } from '../../api/machines.js'
import { count, dateTime, duration } from '../../lib/format.js'
import { costOf, machineState, money } from '../../lib/machine-state.js'
import { outcomeOf } from '../../lib/results.js'
import { buildPath } from '../../ui/build-chip.js'
import { PageTitle } from '../../ui/page-title.js'
import { ResultBadge } from '../../ui/result-icon.js'
import { Failed, Loading } from '../../ui/states.js'
import { Ago, Elapsed } from '../../ui/times.js'
import { NotFoundPage } from '../not-found-page.js'
import { MachineState } from './machine-row.js'
import { poolPath } from './pool-head.js'
import { StopDialog } from './stop-dialog.js'
import { ActButton } from '../../ui/act-button.js'

export function InstancePage(): ReactElement {
  const { id } = useParams()
  const found = useInstance(Number(id))
  if (!Number.isSafeInteger(Number(id)) || (found.error instanceof RestError && found.error.status === 404)) return <NotFoundPage what={`There is no machine ${id}`} />
  if (found.isError && !found.data) return <Failed what="The machine" error={found.error} retry={() => void found.refetch()} />
  return found.data ? <KnownInstance key={found.data.instance.id} instance={found.data.instance} builds={found.data.builds} /> : <Loading />
}

function KnownInstance({ instance, builds }: { instance: Instance; builds: readonly InstanceBuild[] }): ReactElement {
  const [asked, setAsked] = useState(false)
  const { worker, workerId, attempt, pool } = instance
  return (
    <section className="page" data-testid="instance-page">
      <PageTitle>{`${worker} machine ${attempt}`}</PageTitle>
      <p className="crumbs"><Link to="/machines">Machines</Link><Link to={poolPath({ name: pool })}>{pool}</Link></p>
      <div className="page-head">
        <h1><Link to={`/workers/${workerId}`}>{worker}</Link> <span className="number">machine {attempt}</span></h1>
        <MachineState instance={instance} />
        <span className="muted"><Elapsed from={machineState(instance).since} to={instance.state === 'gone' ? machineState(instance).since : null} /></span>
        {instance.desired === 'running' && <span className="actions"><ActButton act={{ thing: 'instances', id: instance.id, action: 'stop' }} className="danger" onClick={() => setAsked(true)} data-testid="stop-machine-button">Stop…</ActButton></span>}
      </div>
      {asked && <StopDialog instance={instance} onClose={() => setAsked(false)} />}
      {instance.failure && <p className="notice notice-missing" data-testid="machine-failure"><strong>It failed:</strong>{instance.failure.message} <span className="tag">{instance.failure.class}</span></p>}
      {instance.unsureSince !== null && <p className="notice"><strong>It is not known whether it was created:</strong>the provider is asked for its label until that is certain</p>}
      <InstanceFacts instance={instance} />
      <Timeline instance={instance} />
      {builds.length > 0 && <Builds instance={instance} builds={builds} />}
    </section>
  )
}

const none = <span className="muted">–</span>

function InstanceFacts({ instance }: { instance: Instance }): ReactElement {
  const { provider, externalId, address, zone, plan, reason, observed, desired, operation, detail, tries, price, uses, storages } = instance
  const ending = instance.endReason ?? instance.retireReason
  return (
    <div className="facts-block">
      <dl className="facts worker-facts">
        <Fact name="Started because">{reason}</Fact>
        {ending !== null && <Fact name={instance.desired === 'gone' ? 'Ended because' : 'Ends when it has built, because'}>{ending}</Fact>}
        <Fact name="Cost"><span data-testid="machine-cost">{costOf(instance) ?? none}</span>{price && <span className="muted"> at {money(price.perHour, price.currency)} an hour</span>}</Fact>
        <Fact name="Builds">{uses}</Fact>
        <Fact name="Where">{[zone, plan].filter(text => text !== null).join(' · ') || none}</Fact>
        <Fact name={`At ${provider}`}>{externalId ? <code>{externalId}</code> : none}{storages.length > 0 && <span className="muted" title={storages.join(', ')}> and {storages.length} {storages.length === 1 ? 'disk' : 'disks'}</span>}</Fact>
        <Fact name="Address">{address ?? none}</Fact>
        <Fact name="Wanted, seen, under way">{desired}, {observed}{detail && detail !== observed && <span className="muted"> ({detail})</span>}, {operation ?? 'nothing'}{tries > 0 && <span className="muted">, {count(tries, 'failed try', 'failed tries')}</span>}</Fact>
      </dl>
    </div>
  )
}

/** When what happened, and how long after it was asked for. */
function Timeline({ instance }: { instance: Instance }): ReactElement {
  const { requestedAt, createdAt, startedAt, connectedAt, condemnedAt, goneAt } = instance
  const moments = ([['Asked for', requestedAt], ['Accepted', createdAt], ['Running', startedAt], ['Worker connected', connectedAt], ['Not wanted any more', condemnedAt], ['Gone', goneAt]] as const)
    .flatMap(([name, at]) => (at === null ? [] : [{ name, at }])).sort((a, b) => a.at - b.at)
  return (
    <ol className="timeline" data-testid="machine-timeline">
      {moments.map(({ name, at }, index) => (
        <li key={name}><i aria-hidden="true" /><span className="timeline-name">{name}</span><span className="muted time" title={dateTime(at)}>{index === 0 ? <Ago at={at} /> : `+ ${duration(at - requestedAt)}`}</span></li>
      ))}
    </ol>
  )
}

function Builds({ instance: { price }, builds }: { instance: Instance; builds: readonly InstanceBuild[] }): ReactElement {
  return (
    <section className="block" aria-label="Builds">
      <h2>Builds</h2>
      <table className="table machine-builds" data-testid="machine-builds">
        <thead><tr><th>Result</th><th>Build</th><th className="right">Started</th><th className="right">Duration</th>{price && <th className="right" title="boot and idle times are borne by the builds, each in proportion to how long it took">Cost</th>}</tr></thead>
        <tbody>{builds.map(build => (
          <tr key={build.buildid}>
            <td><ResultBadge outcome={outcomeOf({ complete: build.completeAt !== null, results: build.results })} word /></td>
            <td><Link to={buildPath(build)}>{build.builder} #{build.number}</Link></td>
            <td className="right"><Ago at={build.startedAt} /></td>
            <td className="right"><Elapsed from={build.startedAt} to={build.completeAt} /></td>
            {price && <td className="right time">{build.cost !== null && money(build.cost, price.currency)}</td>}
          </tr>
        ))}</tbody>
      </table>
    </section>
  )
}

function Fact({ name, children }: { name: string; children: ReactNode }): ReactElement {
  return <div className="fact"><dt>{name}</dt><dd>{children}</dd></div>
}
