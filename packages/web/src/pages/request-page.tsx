import type { BuildRequest } from '@yardmaster/rest'

import type { ReactElement } from 'react'
import { Link, Navigate, useParams } from 'react-router'
import { buildersQuery, buildsOfRequestQuery, requestQuery } from '../api/queries.js'
import { useCause } from '../api/use-cause.js'
import { CancelBuildsetButton, CancelButton } from '../ui/cancel-button.js'
import { useLiveQuery } from '../live/live-query.js'
import { outcomeOf } from '../lib/results.js'
import { useServices } from '../services.js'
import { buildPath } from '../ui/build-chip.js'
import { PageTitle } from '../ui/page-title.js'
import { Priority } from '../ui/priority.js'
import { ResultBadge } from '../ui/result-icon.js'
import { Revision } from '../ui/revision.js'
import { Failed, Loading } from '../ui/states.js'
import { Ago } from '../ui/times.js'
import { Explained } from './explained.js'
import { NotFoundPage } from './not-found-page.js'

/** A request that waits; as soon as it has a build, that. */
export function RequestPage(): ReactElement {
  const { api } = useServices()
  const id = Number(useParams()['buildrequestid'])
  const request = useLiveQuery(requestQuery(api, id), Number.isSafeInteger(id))
  if (!Number.isSafeInteger(id) || request.data === null) return <NotFoundPage what="There is no such build request" />
  if (request.isError) return <Failed what="The build request" error={request.error} retry={() => void request.refetch()} />
  return request.data ? <KnownRequest request={request.data} /> : <Loading />
}

function KnownRequest({ request }: { request: BuildRequest }): ReactElement {
  const { api } = useServices()
  const builds = useLiveQuery(buildsOfRequestQuery(api, request))
  const builders = useLiveQuery(buildersQuery(api))
  const cause = useCause(request.buildrequestid)
  const build = builds.data?.at(-1)
  if (build) return <Navigate to={buildPath(build)} replace />
  const name = builders.data?.find(builder => builder.builderid === request.builderid)?.name ?? ''
  return (
    <section className="page request" data-testid="request-page">
      <PageTitle>{`${name} request ${request.buildrequestid}`}</PageTitle>
      <p className="crumbs"><Link to="/">Builders</Link> <Link to={`/builders/${request.builderid}`}>{name}</Link></p>
      <h1><ResultBadge outcome={outcomeOf({ ...request, started_at: null })} word /> Build request {request.buildrequestid}</h1>
      <div className="facts-block request-facts">
        <p>{cause?.buildset.reason} <Revision cause={cause} /></p>
        <p className="muted">Asked for <Ago at={request.submitted_at} />. {!request.complete && 'Its build is shown here as soon as it starts.'}</p>
        <Explained request={request} />
        {!request.complete && <p className="actions"><Priority request={request} /><CancelButton buildrequestid={request.buildrequestid} /><CancelBuildsetButton buildsetid={request.buildsetid} /></p>}
      </div>
    </section>
  )
}
