import type { Build, Builder } from '@yardmaster/rest'
import { useQuery } from '@tanstack/react-query'
import { memo } from 'react'
import type { ReactElement } from 'react'
import { Link } from 'react-router'
import { lastBuildsQuery } from '../../api/queries.js'
import type { WorkerCount } from '../../lib/collections.js'
import { count } from '../../lib/format.js'
import { useServices } from '../../services.js'
import { BuildChip } from '../../ui/build-chip.js'

type BuilderRowProps = {
  builder: Builder
  builds: readonly Build[]
  /** Whether `builds` can be trusted to be all there are, only those among everybody's newest, or nothing is known yet. */
  known: 'all' | 'newest' | 'none'
  workers: WorkerCount | null
  waiting: number
  /** null: no force scheduler has this builder. */
  onForce: ((builder: Builder) => void) | null
}

export const BuilderRow = memo(function BuilderRow({ builder, builds, known, workers, waiting, onForce }: BuilderRowProps): ReactElement {
  return (
    <div className="row builder-row" data-testid="builder-row" data-builder={builder.name}>
      <span className="row-name" title={builder.description ?? builder.name}>
        <Link to={`/builders/${builder.builderid}`}>{builder.name}</Link>
        <span className="tags">{builder.tags.map(tag => <span key={tag} className="tag">{tag}</span>)}</span>
      </span>
      <span className="chips" data-testid="chips">
        {builds.length > 0 ? builds.map(build => <BuildChip key={build.buildid} build={build} />) : <NoneAmongNewest builderid={builder.builderid} known={known} />}
      </span>
      <span className={waiting > 0 ? 'row-count waiting' : 'row-count'} data-testid="waiting">{waiting > 0 && `${waiting} waiting`}</span>
      <WorkersOfBuilder workers={workers} />
      {onForce ? <button type="button" className="small" onClick={() => onForce(builder)} aria-label={`Force a build of ${builder.name}`} data-testid="force-button">Force</button> : <span className="no-force" />}
    </div>
  )
})

function WorkersOfBuilder({ workers }: { workers: WorkerCount | null }): ReactElement {
  if (!workers) return <span className="row-count row-workers" />
  const told = `${workers.connected} of ${count(workers.configured, 'worker')} connected`
  return (
    <span className={workers.connected === 0 ? 'row-count row-workers lacking' : 'row-count row-workers muted'} title={told} data-testid="workers">
      {workers.connected}<span className="of">/{workers.configured}</span> {workers.configured === 1 ? 'worker' : 'workers'}
    </span>
  )
}

function NoneAmongNewest({ builderid, known }: Pick<BuilderRowProps, 'known'> & { builderid: number }): ReactElement {
  const { api } = useServices()
  const last = useQuery({ ...lastBuildsQuery(api, builderid), enabled: known === 'newest' })
  if (known === 'none' || (known === 'newest' && !last.data)) return <></>
  if (!last.data?.length) return <span className="muted">no builds yet</span>
  return <>{last.data.map(build => <BuildChip key={build.buildid} build={build} />)}</>
}
