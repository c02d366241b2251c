import type { Pool } from '@yardmaster/rest'
import type { ReactElement, ReactNode } from 'react'
import { Link, useParams } from 'react-router'
import { openMachines, useExplanation, useInstances, usePools } from '../../api/machines.js'
import { duration } from '../../lib/format.js'
import { money } from '../../lib/machine-state.js'
import { PageTitle } from '../../ui/page-title.js'
import { Failed, Loading } from '../../ui/states.js'
import { NotFoundPage } from '../not-found-page.js'
import { MachineHistory } from './machine-history.js'
import { MachineRows } from './machines-page.js'
import { PoolHead } from './pool-head.js'

export function PoolPage(): ReactElement {
  const { pool: name } = useParams()
  const pools = usePools()
  if (pools.isError && !pools.data) return <Failed what="The pool" error={pools.error} retry={() => void pools.refetch()} />
  if (!pools.data) return <Loading />
  const pool = pools.data.find(known => known.name === name || String(known.id) === name)
  return pool ? <KnownPool key={pool.id} pool={pool} /> : <NotFoundPage what={`There is no pool ${name}`} />
}

function KnownPool({ pool }: { pool: Pool }): ReactElement {
  const machines = useInstances(openMachines).data?.instances.filter(instance => instance.pool === pool.name) ?? []
  const why = useExplanation(pool.id)
  return (
    <section className="page" data-testid="pool-page">
      <PageTitle>{pool.name}</PageTitle>
      <p className="crumbs"><Link to="/machines">Machines</Link></p>
      <PoolHead pool={pool} level={1} />
      <PoolFacts pool={pool} />
      {why && (
        <section className="block" aria-label="Why">
          <h2>Why so many</h2>
          <ul className="sentences" data-testid="pool-why">{why.sentences.map(sentence => <li key={sentence}>{sentence}</li>)}</ul>
        </section>
      )}
      {machines.length > 0 && <section className="block" aria-label="Machines that are there"><h2>There now</h2><MachineRows machines={machines} /></section>}
      <MachineHistory title="Latest" filter={{ pool: pool.name }} />
    </section>
  )
}

function PoolFacts({ pool: { configured, price, boot } }: { pool: Pool }): ReactElement | null {
  if (!configured) return null
  const { min, max, warm, buildWaitTimeout, missingTimeout, maxUses, maxAge, zones, plans } = configured
  return (
    <div className="facts-block">
      <dl className="facts worker-facts">
        <Fact name="Machines">{min === max ? `always ${max}` : `${min} to ${max}`}{warm > 0 && <span className="muted">, {warm} spare</span>}</Fact>
        <Fact name="Kept without a build">{buildWaitTimeout === null ? 'for ever' : buildWaitTimeout === 0 ? 'never: one build each' : span(buildWaitTimeout)}</Fact>
        <Fact name="Given up in boot after">{span(missingTimeout)}</Fact>
        <Fact name="Replaced after">{[maxUses !== null && `${maxUses} builds`, maxAge !== null && span(maxAge)].filter(text => text !== false).join(' or ') || <span className="muted">–</span>}</Fact>
        <Fact name="Where">{[zones.join(', '), plans.join(', ')].filter(text => text !== '').join(' · ') || <span className="muted">as the options say</span>}</Fact>
        <Fact name="Price">{price ? <>{money(price.perHour, price.currency)} an hour<span className="muted">, paid by {price.period === 3600 ? 'the hour' : price.period === 1 ? 'the second' : duration(price.period)}</span></> : <span className="muted">–</span>}</Fact>
        <Fact name="Boot: half within">{boot ? <Percentile of={boot} at="p50" /> : <span className="muted">–</span>}</Fact>
        <Fact name="Boot: 90 % within">{boot ? <Percentile of={boot} at="p90" /> : <span className="muted">–</span>}</Fact>
        <Fact name="Boot: 99 % within">{boot ? <Percentile of={boot} at="p99" /> : <span className="muted">–</span>}</Fact>
      </dl>
    </div>
  )
}

/** A duration that somebody wrote down: without what it does not have. */
const span = (seconds: number): string => duration(seconds).replace(/ (00 s|00 min|0 h)$/, '')

function Percentile({ of: { created, started, connected, machines }, at }: { of: NonNullable<Pool['boot']>; at: 'p50' | 'p90' | 'p99' }): ReactElement {
  return <span title={`of the last ${machines} machines: accepted after ${duration(created[at])}, running after ${duration(started[at])}, worker connected after ${duration(connected[at])}`}>{duration(connected[at])}</span>
}

function Fact({ name, children }: { name: string; children: ReactNode }): ReactElement {
  return <div className="fact"><dt>{name}</dt><dd>{children}</dd></div>
}
