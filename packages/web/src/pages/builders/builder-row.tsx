import type { Build, Builder } from '@yardmaster/rest'
import { useQuery } from '@tanstack/react-query'
import { memo } from 'react'
import type { ReactElement } from 'react'
import { Link } from 'react-router'
import { chipsPerBuilder } from '../../api/last-builds.js'
import type { WorkerCount } from '../../lib/collections.js'
import { count } from '../../lib/format.js'
import { useServices } from '../../services.js'
import { BuildChip } from '../../ui/build-chip.js'
import { ActButton } from '../../ui/act-button.js'

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
        <Chips builderid={builder.builderid} builds={builds} known={known} />
      </span>
      <span className={waiting > 0 ? 'row-count waiting' : 'row-count'} data-testid="waiting">{waiting > 0 && `${waiting} waiting`}</span>
      <WorkersOfBuilder workers={workers} />
      {onForce ? <ActButton act={{ thing: 'builders', id: builder.builderid, action: 'force' }} className="small" onClick={() => onForce(builder)} aria-label={`Force a build of ${builder.name}`} data-testid="force-button">Force</ActButton> : <span className="no-force" />}
    </div>
  )
})

function WorkersOfBuilder({ workers }: { workers: WorkerCount | null }): ReactElement {
  if (!workers) return <span className="row-count row-workers" />
  const told = `${workers.connected} of ${count(workers.configured, 'worker')} connected${workers.latent > 0 ? `; ${workers.latent} ${workers.latent === 1 ? 'is' : 'are'} started when builds wait` : ''}`
  return (
    <span className={workers.connected === 0 && workers.latent === 0 ? 'row-count row-workers lacking' : 'row-count row-workers muted'} title={told} data-testid="workers">
      {workers.connected}<span className="of">/{workers.configured}</span> {workers.configured === 1 ? 'worker' : 'workers'}
    </span>
  )
}

/** Fewer among everybody's newest builds than this, and the builder is asked about by itself. */
const enough = 8

function Chips({ builderid, builds, known }: Pick<BuilderRowProps, 'builds' | 'known'> & { builderid: number }): ReactElement {
  const { lastBuilds } = useServices()
  const asked = known === 'newest' && builds.length < enough
  const last = useQuery({ queryKey: ['builds', 'last', builderid], queryFn: () => lastBuilds(builderid), enabled: asked, staleTime: Infinity })
  const older = (asked && last.data) || []
  const shown = older.reduce<readonly Build[]>((rows, build) => (rows.some(({ buildid }) => buildid === build.buildid) ? rows : [...rows, build]), builds)
  if (shown.length > 0) return <>{shown.toSorted((a, b) => b.number - a.number).slice(0, chipsPerBuilder).map(build => <BuildChip key={build.buildid} build={build} />)}</>
  return known === 'none' || (asked && last.isPending) ? <></> : <span className="muted">no builds yet</span>
}
