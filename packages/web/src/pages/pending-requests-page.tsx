import type { BuildRequest } from '@yardmaster/rest'
import type { ReactElement } from 'react'
import { Link } from 'react-router'
import { buildersQuery, mostPending, pendingQuery } from '../api/queries.js'
import { count } from '../lib/format.js'
import { useLiveQuery } from '../live/live-query.js'
import { useServices } from '../services.js'
import { CancelButton } from '../ui/cancel-button.js'
import { FilterBox, useFilter } from '../ui/filter-box.js'
import { PageTitle } from '../ui/page-title.js'
import { Priority } from '../ui/priority.js'
import { Empty, Failed, Loading } from '../ui/states.js'
import { Ago } from '../ui/times.js'
import { VirtualRows } from '../ui/virtual-rows.js'

const rowHeight = { wide: 41, narrow: 73 }
const idOf = (request: BuildRequest): number => request.buildrequestid

/** All requests that nobody builds yet, the oldest first. */
export function PendingRequestsPage(): ReactElement {
  const { api } = useServices()
  const pending = useLiveQuery(pendingQuery(api))
  const builders = useLiveQuery(buildersQuery(api)).data
  const { text } = useFilter()
  if (pending.isError && !pending.data) return <Failed what="The build requests" error={pending.error} retry={() => void pending.refetch()} />
  if (!pending.data || !builders) return <Loading />
  const names = new Map(builders.map(builder => [builder.builderid, builder.name]))
  const nameOf = (request: BuildRequest): string => names.get(request.builderid) ?? `builder ${request.builderid}`
  const waiting = [...pending.data.values()]
  const shown = waiting.filter(request => nameOf(request).toLowerCase().includes(text))
  return (
    <section className="page" data-testid="pending-page">
      <PageTitle>Pending build requests</PageTitle>
      <div className="page-head">
        <h1>Pending build requests</h1>
        <p className="muted">{waiting.length >= mostPending ? `the oldest ${mostPending}` : count(waiting.length, 'request')}</p>
        <FilterBox label="Filter by builder" />
      </div>
      {waiting.length === 0 && <Empty title="Nothing waits">Every build request has its build.</Empty>}
      {waiting.length > 0 && shown.length === 0 && <Empty title={`No builder of a request has “${text}” in its name`} />}
      <VirtualRows items={shown} rowHeight={rowHeight} keyOf={idOf} label="Build requests">
        {request => (
          <div className="row pending-row" data-testid="pending-row">
            <Link className="row-name" to={`/builders/${request.builderid}`}>{nameOf(request)}</Link>
            <Link to={`/buildrequests/${request.buildrequestid}`}>#{request.buildrequestid}</Link>
            <span className="muted list-when"><Ago at={request.submitted_at} /></span>
            <Priority request={request} />
            <CancelButton buildrequestid={request.buildrequestid} />
          </div>
        )}
      </VirtualRows>
    </section>
  )
}
