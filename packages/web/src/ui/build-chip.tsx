import type { Build } from '@yardmaster/rest'
import { memo } from 'react'
import type { ReactElement } from 'react'
import { Link } from 'react-router'
import { dateTime } from '../lib/format.js'
import { outcomeOf } from '../lib/results.js'
import { ResultIcon } from './result-icon.js'

export const buildPath = (build: Pick<Build, 'builderid' | 'number'>): string => `/builders/${build.builderid}/builds/${build.number}`

/** A build as a coloured chip: number and result. `name`: of its builder, where that is not plain. */
export const BuildChip = memo(function BuildChip({ build, name }: { build: Build; name?: string }): ReactElement {
  const outcome = outcomeOf(build)
  const told = `${name ? `${name} ` : ''}#${build.number}: ${outcome}, ${build.state_string}, started ${dateTime(build.started_at)}`
  return (
    <Link className={`chip is-${outcome}`} to={buildPath(build)} title={told} aria-label={told} data-testid="build-chip" data-result={outcome}>
      <ResultIcon outcome={outcome} />
      {name && <span className="chip-name">{name}</span>}
      {build.number}
    </Link>
  )
})
