import { useQuery } from '@tanstack/react-query'
import type { Change } from '@yardmaster/rest'
import type { ReactElement } from 'react'
import { Link, useParams } from 'react-router'
import { buildsOfChangeQuery, changeQuery } from '../api/changes.js'
import { buildersQuery } from '../api/queries.js'
import { count, firstLine } from '../lib/format.js'
import { outcomeOf } from '../lib/results.js'
import { useLiveQuery } from '../live/live-query.js'
import { useServices } from '../services.js'
import { buildPath } from '../ui/build-chip.js'
import { PageTitle } from '../ui/page-title.js'
import { ResultBadge } from '../ui/result-icon.js'
import { Failed, Loading } from '../ui/states.js'
import { Ago } from '../ui/times.js'
import { NotFoundPage } from './not-found-page.js'

/** One change, with the builds of it. */
export function ChangePage(): ReactElement {
  const { api } = useServices()
  const id = Number(useParams()['changeid'])
  const change = useQuery({ ...changeQuery(api, id), enabled: Number.isSafeInteger(id) })
  if (!Number.isSafeInteger(id) || change.data === null) return <NotFoundPage what="There is no such change" />
  if (change.isError) return <Failed what="The change" error={change.error} retry={() => void change.refetch()} />
  return change.data ? <KnownChange change={change.data} /> : <Loading />
}

function KnownChange({ change }: { change: Change }): ReactElement {
  const { changeid, comments, author, branch, revision, revlink, repository, files, when_timestamp } = change
  return (
    <section className="page" data-testid="change-page">
      <PageTitle>{firstLine(comments) || `change ${changeid}`}</PageTitle>
      <p className="crumbs"><Link to="/changes">Changes</Link></p>
      <h1>{firstLine(comments) || `Change ${changeid}`}</h1>
      <div className="facts-block">
        <p>{author}, <Ago at={when_timestamp} /></p>
        <p>{branch !== null && <span className="branch">{branch}</span>} {revlink ? <a href={revlink} className="mono">{revision}</a> : <span className="mono">{revision}</span>}</p>
        <p className="muted">{repository}</p>
        <pre className="change-comments">{comments}</pre>
      </div>
      <BuildsOfChange changeid={changeid} />
      <h2 className="change-part">{count(files.length, 'file')}</h2>
      <ul className="change-files">{files.map(file => <li key={file} className="mono">{file}</li>)}</ul>
    </section>
  )
}

function BuildsOfChange({ changeid }: { changeid: number }): ReactElement | null {
  const { api } = useServices()
  const builds = useQuery(buildsOfChangeQuery(api, changeid)).data
  const builders = useLiveQuery(buildersQuery(api)).data
  if (!builds || !builders) return null
  return (
    <>
      <h2 className="change-part">{builds.length === 0 ? 'No builds of it yet' : count(builds.length, 'build')}</h2>
      <div role="list" className="rows">
        {builds.map(build => (
          <div role="listitem" key={build.buildid} className="row change-build-row" data-testid="change-build">
            <Link className="row-name" to={buildPath(build)}>{builders.find(builder => builder.builderid === build.builderid)?.name} #{build.number}</Link>
            <ResultBadge outcome={outcomeOf(build)} word />
            <span className="muted list-text">{build.state_string}</span>
          </div>
        ))}
      </div>
    </>
  )
}
