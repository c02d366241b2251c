import type { Builder } from '@yardmaster/rest'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { ReactElement } from 'react'
import { Link, useParams } from 'react-router'
import { useLatentWorkers } from '../../api/machines.js'
import { buildersQuery, forceSchedulersQuery, pendingOfBuilderQuery, workersQuery } from '../../api/queries.js'
import { ForceDialog } from '../../force/force-dialog.js'
import { count } from '../../lib/format.js'
import { useLiveQuery } from '../../live/live-query.js'
import { useServices } from '../../services.js'
import { PageTitle } from '../../ui/page-title.js'
import { Failed, Loading } from '../../ui/states.js'
import { NotFoundPage } from '../not-found-page.js'
import { History } from './history.js'
import { Waiting } from './waiting.js'
import { ActButton } from '../../ui/act-button.js'

export function BuilderPage(): ReactElement {
  const { api } = useServices()
  const { builderid } = useParams()
  const builders = useLiveQuery(buildersQuery(api))
  if (builders.isError && !builders.data) return <Failed what="The builder" error={builders.error} retry={() => void builders.refetch()} />
  if (!builders.data) return <Loading />
  const builder = builders.data.find(candidate => String(candidate.builderid) === builderid || candidate.name === builderid)
  return builder ? <KnownBuilder key={builder.builderid} builder={builder} /> : <NotFoundPage what={`There is no builder ${builderid}`} />
}

function KnownBuilder({ builder }: { builder: Builder }): ReactElement {
  const { api } = useServices()
  const [forcing, setForcing] = useState(false)
  const workers = useLiveQuery(workersQuery(api)).data
  const waiting = useLiveQuery(pendingOfBuilderQuery(api, builder.builderid)).data ?? []
  const schedulers = useQuery(forceSchedulersQuery(api)).data ?? []
  const mine = workers?.filter(worker => worker.configured_on.some(entry => entry.builderid === builder.builderid))
  const latent = useLatentWorkers()
  const named = mine?.filter(worker => worker.connected_to.length > 0 || !latent.has(worker.workerid)) ?? []
  const asleep = (mine?.length ?? 0) - named.length
  const forceable = schedulers.some(scheduler => scheduler.builder_names.includes(builder.name))
  return (
    <section className="page" data-testid="builder-page">
      <PageTitle>{builder.name}</PageTitle>
      <p className="crumbs"><Link to="/">Builders</Link></p>
      <div className="page-head">
        <h1>{builder.name}</h1>
        <span className="tags">{builder.tags.map(tag => <Link key={tag} to={`/?tags=${encodeURIComponent(tag)}`} className="tag">{tag}</Link>)}</span>
        <span className="actions">{forceable && <ActButton act={{ thing: 'builders', id: builder.builderid, action: 'force' }} className="primary" onClick={() => setForcing(true)} data-testid="force-button">Force</ActButton>}</span>
      </div>
      {builder.description && <p className="description">{builder.description}</p>}
      <p className="muted worker-names">
        {mine && (mine.length === 0 ? 'No worker is configured for this builder.' : named.slice(0, 12).map(worker => (
          <span key={worker.workerid} className={worker.connected_to.length > 0 ? 'state state-idle' : 'state state-not-connected'}><i aria-hidden="true" />{worker.name}{worker.connected_to.length === 0 && ' (not connected)'}</span>
        )))}
        {named.length > 12 && <span>and {named.length - 12} more</span>}
        {asleep > 0 && <span>{named.length > 0 && 'and '}{count(asleep, 'latent worker')}, started when builds wait</span>}
      </p>
      {waiting.length > 0 && <Waiting requests={waiting} />}
      <History builder={builder} />
      {forcing && <ForceDialog builder={builder} schedulers={schedulers} onClose={() => setForcing(false)} />}
    </section>
  )
}
