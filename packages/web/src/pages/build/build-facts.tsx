import type { Build } from '@yardmaster/rest'
import type { ReactElement, ReactNode } from 'react'
import { Link } from 'react-router'
import { useMachineOf } from '../../api/machines.js'
import { workersQuery } from '../../api/queries.js'
import { useCause } from '../../api/use-cause.js'
import { dateTime, personName } from '../../lib/format.js'
import { money } from '../../lib/machine-state.js'
import { useLiveQuery } from '../../live/live-query.js'
import { useServices } from '../../services.js'
import { Revision } from '../../ui/revision.js'
import { Ago, Elapsed } from '../../ui/times.js'
import { instancePath } from '../machines/machine-row.js'

/** Why, what, where and how long. */
export function BuildFacts({ build }: { build: Build }): ReactElement {
  const { api } = useServices()
  const cause = useCause(build.buildrequestid)
  const machine = useMachineOf(build.buildid, build.complete)
  const worker = useLiveQuery(workersQuery(api)).data?.find(candidate => candidate.workerid === build.workerid)
  return (
    <div className="facts-block">
      <dl className={machine ? 'facts facts-with-machine' : 'facts'}>
        <Fact name="Reason" wide>{cause?.buildset.reason}</Fact>
        <Fact name="Revision"><Revision cause={cause} /></Fact>
        <Fact name="Author">{cause?.change ? <span title={cause.change.author}>{personName(cause.change.author)}</span> : <span className="muted">–</span>}</Fact>
        <Fact name="Worker">{worker && <Link to={`/workers/${worker.workerid}`}>{worker.name}</Link>}</Fact>
        {machine && (
          <Fact name="Machine">
            <span data-testid="build-machine"><Link to={instancePath(machine.instance)}>{[machine.instance.plan, machine.instance.zone].filter(text => text !== null).join(' · ') || `${machine.instance.provider} ${machine.instance.id}`}</Link></span>
          </Fact>
        )}
        {machine && machine.cost !== null && machine.instance.price && (
          <Fact name="Cost"><span title="its part of what its machine costs: boot and idle times are borne by the builds in proportion to their durations" data-testid="build-cost">{money(machine.cost, machine.instance.price.currency)}</span></Fact>
        )}
        <Fact name="Started"><span title={dateTime(build.started_at)}><Ago at={build.started_at} /></span></Fact>
        <Fact name="Duration"><span data-testid="duration"><Elapsed from={build.started_at} to={build.complete_at} /></span>{build.locks_duration_s > 0 && <span className="muted"> ({build.locks_duration_s} s waiting for locks)</span>}</Fact>
      </dl>
      {cause === undefined && <p className="comment">&nbsp;</p>}
      {cause?.change && <p className="comment" data-testid="comment">{cause.change.comments.trim()}</p>}
    </div>
  )
}

function Fact({ name, wide = false, children }: { name: string; wide?: boolean; children: ReactNode }): ReactElement {
  return <div className={wide ? 'fact fact-wide' : 'fact'}><dt>{name}</dt><dd>{children ?? ' '}</dd></div>
}
