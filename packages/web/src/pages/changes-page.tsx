import type { Change } from '@yardmaster/rest'
import { useState } from 'react'
import type { ReactElement } from 'react'
import { Link } from 'react-router'
import { changesQuery } from '../api/changes.js'
import { count, firstLine, personName, shortRevision } from '../lib/format.js'
import { useLiveQuery } from '../live/live-query.js'
import { useServices } from '../services.js'
import { FilterBox, useFilter } from '../ui/filter-box.js'
import { PageTitle } from '../ui/page-title.js'
import { Empty, Failed, Loading } from '../ui/states.js'
import { Ago } from '../ui/times.js'
import { VirtualRows } from '../ui/virtual-rows.js'

const rowHeight = { wide: 41, narrow: 73 }
const page = 100
const idOf = (change: Change): number => change.changeid

/** What was committed, the newest first. */
export function ChangesPage(): ReactElement {
  const { api } = useServices()
  const { text } = useFilter()
  const [limit, setLimit] = useState(page)
  const changes = useLiveQuery(changesQuery(api, limit), true, 'keep')
  if (changes.isError && !changes.data) return <Failed what="The changes" error={changes.error} retry={() => void changes.refetch()} />
  if (!changes.data) return <Loading />
  const shown = changes.data.filter(({ author, comments, branch, revision, repository, project }) => [author, comments, branch, revision, repository, project].some(part => part?.toLowerCase().includes(text)))
  return (
    <section className="page" data-testid="changes-page">
      <PageTitle>Changes</PageTitle>
      <div className="page-head">
        <h1>Changes</h1>
        <p className="muted">{changes.data.length < limit ? count(changes.data.length, 'change') : `the newest ${limit}`}</p>
        <FilterBox label="Filter changes" />
      </div>
      {changes.data.length === 0 && <Empty title="No changes yet">They come from <Link to="/changesources">change sources</Link> and from the webhooks of code hosts.</Empty>}
      {changes.data.length > 0 && shown.length === 0 && <Empty title={`No change has “${text}” in it`} />}
      <VirtualRows items={shown} rowHeight={rowHeight} keyOf={idOf} label="Changes">{change => <ChangeRow change={change} />}</VirtualRows>
      {changes.data.length >= limit && <p className="after"><button type="button" className="link" onClick={() => setLimit(limit + 5 * page)}>Show more</button></p>}
    </section>
  )
}

function ChangeRow({ change: { changeid, comments, author, branch, revision, when_timestamp } }: { change: Change }): ReactElement {
  return (
    <div className="row change-row" data-testid="change-row">
      <Link className="row-name" to={`/changes/${changeid}`}><span>{firstLine(comments) || `change ${changeid}`}</span></Link>
      <span className="muted change-author" title={author}>{personName(author)}</span>
      <span className="branch">{branch}</span>
      <span className="mono">{revision === null ? '' : shortRevision(revision)}</span>
      <span className="muted list-when"><Ago at={when_timestamp} /></span>
    </div>
  )
}
