import type { Builder, ForceScheduler } from '@yardmaster/rest'
import { useQuery } from '@tanstack/react-query'
import { useCallback, useMemo, useState } from 'react'
import type { ReactElement } from 'react'
import { useLatentWorkers } from '../../api/machines.js'
import { buildersQuery, forceSchedulersQuery, pendingQuery, recentBuildsQuery, workersQuery } from '../../api/queries.js'
import { ForceDialog } from '../../force/force-dialog.js'
import { countByBuilder, countWorkers } from '../../lib/collections.js'
import { count } from '../../lib/format.js'
import { useLiveQuery } from '../../live/live-query.js'
import { useServices } from '../../services.js'
import { FilterBox, useFilter } from '../../ui/filter-box.js'
import { PageTitle } from '../../ui/page-title.js'
import { Empty, Failed, Loading } from '../../ui/states.js'
import { VirtualRows } from '../../ui/virtual-rows.js'
import { BuilderRow } from './builder-row.js'
import { TagFilter } from './tag-filter.js'

const rowHeight = { wide: 41, narrow: 77 }
const idOf = (builder: Builder): number => builder.builderid
const none: readonly never[] = []

export function BuildersPage(): ReactElement {
  const { api } = useServices()
  const builders = useLiveQuery(buildersQuery(api))
  if (builders.isError && !builders.data) return <Failed what="The builders" error={builders.error} retry={() => void builders.refetch()} />
  if (!builders.data) return <Loading />
  return (
    <section className="page">
      <PageTitle>Builders</PageTitle>
      {builders.data.length === 0
        ? <Empty title="No builders yet">Name one under <code>builders</code> in yard.config.ts; it appears here as soon as the configuration is loaded.</Empty>
        : <BuilderList builders={builders.data} />}
    </section>
  )
}

/** A builder that no configuration names any more keeps its history, but not its place on this page. */
const isConfigured = (builder: Builder): boolean => builder.masterids.length > 0

function BuilderList({ builders }: { builders: readonly Builder[] }): ReactElement {
  const { api } = useServices()
  const { text, tags } = useFilter()
  const [old, setOld] = useState(false)
  const [forced, setForced] = useState<Builder | null>(null)
  const recent = useLiveQuery(recentBuildsQuery(api, builders.length))
  const waiting = useLiveQuery(pendingQuery(api)).data
  const workers = useLiveQuery(workersQuery(api)).data
  const latent = useLatentWorkers()
  const schedulers = useQuery(forceSchedulersQuery(api)).data ?? none
  const waitingOf = useMemo(() => countByBuilder(waiting?.values() ?? []), [waiting])
  const workersOf = useMemo(() => workers && countWorkers(workers, latent), [workers, latent])
  const forceable = useMemo(() => new Set(schedulers.flatMap((scheduler: ForceScheduler) => scheduler.builder_names)), [schedulers])
  const force = useCallback((builder: Builder) => setForced(builder), [])
  const present = old || !builders.some(isConfigured) ? builders : builders.filter(isConfigured)
  const shown = useMemo(() => present.filter(builder => builder.name.toLowerCase().includes(text) && tags.every(tag => builder.tags.includes(tag))), [present, text, tags.join('\n')])
  const silent = recent.data?.whole === true && recent.data.builds.size === 0
  return (
    <>
      <div className="page-head">
        <h1>Builders</h1>
        <p className="muted">{shown.length === present.length ? count(present.length, 'builder') : `${shown.length} of ${count(present.length, 'builder')}`}</p>
        <FilterBox label="Filter builders by name" />
        <TagFilter builders={present} />
      </div>
      {silent && <Empty title="No builds yet">Make a commit, or press Force: the build appears here at once.</Empty>}
      {shown.length === 0 && <Empty title="No builder matches the filter">Empty the filter box, or take a tag away.</Empty>}
      {recent.isError && !recent.data && <Failed what="The builds" error={recent.error} retry={() => void recent.refetch()} />}
      {shown.length > 0 && (
        <VirtualRows items={shown} rowHeight={rowHeight} keyOf={idOf} label="Builders">
          {builder => (
            <BuilderRow builder={builder} builds={recent.data?.builds.get(builder.builderid) ?? none} known={recent.data ? recent.data.whole ? 'all' : 'newest' : 'none'}
              workers={workersOf?.get(builder.builderid) ?? null} waiting={waitingOf.get(builder.builderid) ?? 0} onForce={forceable.has(builder.name) ? force : null} />
          )}
        </VirtualRows>
      )}
      {builders.length > present.length && <p className="after"><button type="button" className="link" onClick={() => setOld(true)}>Show {count(builders.length - present.length, 'builder')} no longer configured</button></p>}
      {forced && <ForceDialog builder={forced} schedulers={schedulers} onClose={() => setForced(null)} />}
    </>
  )
}
