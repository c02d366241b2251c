import type { BuildRequest } from '@yardmaster/rest'
import type { ReactElement } from 'react'
import { Link } from 'react-router'
import { useCause } from '../../api/use-cause.js'
import { useWaitsFor } from '../../api/waits-for.js'
import { count } from '../../lib/format.js'
import { CancelButton } from '../../ui/cancel-button.js'
import { Priority } from '../../ui/priority.js'
import { Revision } from '../../ui/revision.js'
import { Ago } from '../../ui/times.js'

/** Longer queues are told by their number. */
const most = 20

/** As they are served. */
const inTurn = (a: BuildRequest, b: BuildRequest): number => b.priority - a.priority || a.submitted_at - b.submitted_at || a.buildrequestid - b.buildrequestid

export function Waiting({ requests }: { requests: readonly BuildRequest[] }): ReactElement {
  return (
    <section className="block" aria-label="Waiting requests" data-testid="pending-requests">
      <h2>{count(requests.length, 'waiting request')}</h2>
      <div className="rows" role="list">
        {requests.toSorted(inTurn).slice(0, most).map(request => <WaitingRow key={request.buildrequestid} request={request} />)}
      </div>
      {requests.length > most && <p className="muted">and {requests.length - most} more behind them</p>}
    </section>
  )
}

function WaitingRow({ request }: { request: BuildRequest }): ReactElement {
  const cause = useCause(request.buildrequestid)
  const waitsFor = useWaitsFor(request)
  return (
    <div className="row waiting-row" role="listitem" data-testid="pending-request">
      <Link className="muted" to={`/buildrequests/${request.buildrequestid}`} title="Why it waits"><Ago at={request.submitted_at} /></Link>
      <span className="grow" title={cause?.buildset.reason}>{cause?.buildset.reason}{waitsFor !== null && <span className="muted waits-for" data-testid="waits-for" title={waitsFor}>{waitsFor}</span>}</span>
      <Revision cause={cause} />
      <Priority request={request} />
      <CancelButton buildrequestid={request.buildrequestid} />
    </div>
  )
}
