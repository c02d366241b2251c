import type { Build } from '@yardmaster/rest'
import type { ReactElement } from 'react'
import { Link, useLocation, useParams, useSearchParams } from 'react-router'
import { buildQuery, buildersQuery, nextBuildQuery } from '../../api/queries.js'
import { outcomeOf } from '../../lib/results.js'
import { useLiveQuery } from '../../live/live-query.js'
import { useServices } from '../../services.js'
import { buildPath } from '../../ui/build-chip.js'
import { PageTitle } from '../../ui/page-title.js'
import { ResultBadge } from '../../ui/result-icon.js'
import { Failed, Loading } from '../../ui/states.js'
import { NotFoundPage } from '../not-found-page.js'
import { Artifacts } from './artifacts.js'
import { BuildActions } from './build-actions.js'
import { BuildFacts } from './build-facts.js'
import { Changes } from './changes.js'
import { Patches } from './patches.js'
import { Properties } from './properties.js'
import { Steps } from './steps.js'
import type { LogTarget } from './steps.js'
import { Told } from './told.js'

export function BuildPage(): ReactElement {
  const { api } = useServices()
  const { builderid, number } = useParams()
  const builders = useLiveQuery(buildersQuery(api))
  const builder = builders.data?.find(candidate => String(candidate.builderid) === builderid || candidate.name === builderid)
  const build = useLiveQuery(buildQuery(api, builder?.builderid ?? 0, Number(number)), builder !== undefined && Number.isSafeInteger(Number(number)))
  if (build.data && builder) return <KnownBuild key={build.data.buildid} build={build.data} name={builder.name} />
  if (builders.isError && !builders.data) return <Failed what="The builders" error={builders.error} retry={() => void builders.refetch()} />
  if (build.isError) return <Failed what={`Build ${number}`} error={build.error} retry={() => void build.refetch()} />
  if (builders.data && (!builder || build.data === null || !Number.isSafeInteger(Number(number)))) {
    return <NotFoundPage what={builder ? `${builder.name} has no build ${number}` : `There is no builder ${builderid}`} />
  }
  return <Loading />
}

const tabs = ['steps', 'changes', 'properties', 'artifacts', 'told'] as const

function KnownBuild({ build, name }: { build: Build; name: string }): ReactElement {
  const { api } = useServices()
  const outcome = outcomeOf(build)
  const next = useLiveQuery(nextBuildQuery(api, build)).data
  const [parameters] = useSearchParams()
  const target = useTarget()
  const tab = tabs.find(known => known === parameters.get('tab')) ?? 'steps'
  return (
    <section className="page build-page" data-testid="build-page" data-result={outcome}>
      <PageTitle>{`${name} #${build.number} ${outcome}`}</PageTitle>
      <p className="crumbs">
        <Link to="/">Builders</Link><Link to={`/builders/${build.builderid}`}>{name}</Link>
        <span className="siblings">
          {build.number > 1 && <Link to={buildPath({ ...build, number: build.number - 1 })} rel="prev">‹ #{build.number - 1}</Link>}
          {next && <Link to={buildPath(next)} rel="next">#{next.number} ›</Link>}
        </span>
      </p>
      <div className="page-head build-head">
        <ResultBadge outcome={outcome} word />
        <h1>{name} <span className="number">#{build.number}</span></h1>
        <p className="muted state-line" data-testid="state-string">{build.state_string}</p>
        <BuildActions build={build} name={name} />
      </div>
      <BuildFacts build={build} />
      <nav className="tabs" aria-label="Parts of the build">
        {tabs.map(known => <Link key={known} to={known === 'steps' ? buildPath(build) : `${buildPath(build)}?tab=${known}`} replace aria-current={known === tab ? 'page' : undefined} data-testid={`tab-${known}`}>{known.charAt(0).toUpperCase() + known.slice(1)}</Link>)}
      </nav>
      {tab === 'steps' && <Steps build={build} target={target} />}
      {tab === 'changes' && <><Patches build={build} /><Changes buildid={build.buildid} /></>}
      {tab === 'properties' && <Properties build={build} />}
      {tab === 'artifacts' && <Artifacts build={build} />}
      {tab === 'told' && <Told buildid={build.buildid} />}
    </section>
  )
}

/** The step, log and line that the address names: `/builders/3/builds/45/steps/2/logs/stdio#L12`. */
function useTarget(): LogTarget | null {
  const { step, slug } = useParams()
  const { hash } = useLocation()
  const line = /^#L(\d+)$/.exec(hash)?.[1]
  return step === undefined ? null : { step, slug: slug ?? null, line: line === undefined ? null : Number(line) }
}
