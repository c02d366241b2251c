import type { ChangeSource } from '@yardmaster/rest'
import type { ReactElement } from 'react'
import { useChangeSources, usePollNow } from '../api/change-sources.js'
import { count, dateTime, duration } from '../lib/format.js'
import { useNow } from '../services.js'
import { FilterBox, useFilter } from '../ui/filter-box.js'
import { PageTitle } from '../ui/page-title.js'
import { Empty, Failed, Loading } from '../ui/states.js'
import { Ago } from '../ui/times.js'
import { VirtualRows } from '../ui/virtual-rows.js'
import { ActButton } from '../ui/act-button.js'

const rowHeight = { wide: 41, narrow: 73 }
const idOf = (source: ChangeSource): number => source.id

/** Where changes are looked for: how far each has been read, when it is polled next, and what hinders it. */
export function ChangeSourcesPage(): ReactElement {
  const sources = useChangeSources()
  const { text } = useFilter()
  if (sources.isError && !sources.data) return <Failed what="The change sources" error={sources.error} retry={() => void sources.refetch()} />
  if (!sources.data) return <Loading />
  const shown = sources.data.filter(({ name, repository }) => [name, repository].some(part => part.toLowerCase().includes(text)))
  const troubled = sources.data.filter(({ trouble }) => trouble !== null).length
  return (
    <section className="page" data-testid="change-sources-page">
      <PageTitle>Change sources</PageTitle>
      <div className="page-head">
        <h1>Change sources</h1>
        <p className="muted">{count(sources.data.length, 'change source')}{troubled > 0 ? `, ${troubled} in trouble` : ''}</p>
        <FilterBox label="Filter change sources" />
      </div>
      {sources.data.length === 0 && <Empty title="No change sources yet">Name them under <code>changeSources</code> in yard.config.ts.</Empty>}
      {sources.data.length > 0 && shown.length === 0 && <Empty title={`No change source has “${text}” in its name or repository`} />}
      <VirtualRows items={shown} rowHeight={rowHeight} keyOf={idOf} label="Change sources">{source => <SourceRow source={source} />}</VirtualRows>
    </section>
  )
}

function SourceRow({ source }: { source: ChangeSource }): ReactElement {
  const poll = usePollNow()
  const { name, kind, reconciles, repository, heads, polledAt, trouble, troubleSince } = source
  return (
    <div className="row source-row" data-testid="source-row" data-source={name}>
      <span className="row-name" title={repository}>{name}</span>
      <span className="tag">{reconciles === null ? kind : `reconciles ${reconciles}`}</span>
      <span className="muted source-heads">{count(heads, 'head')}</span>
      <span className="muted source-next" data-testid="source-next"><Next source={source} /></span>
      <span className={trouble === null ? 'source-state muted' : 'source-state machine-failure'} title={trouble ?? undefined} data-testid="source-state">
        {trouble !== null && <>{trouble}{troubleSince !== null && <>, since <Ago at={troubleSince} /></>}</>}
        {trouble === null && (polledAt === null ? 'not polled yet' : <>polled <Ago at={polledAt} /></>)}
      </span>
      <ActButton act={{ thing: 'change_sources', id: source.id, action: 'poll' }} className="small" disabled={poll.isPending} onClick={() => poll.mutate(source)} data-testid="source-poll">Poll now</ActButton>
    </div>
  )
}

function Next({ source: { dueAt, asked, pollingOn } }: { source: ChangeSource }): ReactElement {
  const now = useNow(dueAt !== null)
  if (pollingOn !== null) return <span title={`by ${pollingOn}`}>being polled</span>
  if (asked || (dueAt !== null && dueAt <= now)) return <>now</>
  if (dueAt === null) return <>when asked</>
  return <time dateTime={new Date(dueAt * 1000).toISOString()} title={dateTime(dueAt)}>in {duration(dueAt - now)}</time>
}
