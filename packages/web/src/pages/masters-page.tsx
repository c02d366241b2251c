import type { Master } from '@yardmaster/rest'
import type { ReactElement } from 'react'
import { mastersQuery } from '../api/masters.js'
import { count } from '../lib/format.js'
import { useLiveQuery } from '../live/live-query.js'
import { useServices } from '../services.js'
import { PageTitle } from '../ui/page-title.js'
import { Failed, Loading } from '../ui/states.js'
import { Ago } from '../ui/times.js'
import { VirtualRows } from '../ui/virtual-rows.js'

const rowHeight = { wide: 41, narrow: 41 }
const idOf = (master: Master): number => master.masterid

/** The processes of this installation, which Buildbot calls masters. */
export function MastersPage(): ReactElement {
  const { api } = useServices()
  const masters = useLiveQuery(mastersQuery(api))
  if (masters.isError && !masters.data) return <Failed what="The replicas" error={masters.error} retry={() => void masters.refetch()} />
  if (!masters.data) return <Loading />
  return (
    <section className="page" data-testid="masters-page">
      <PageTitle>Replicas</PageTitle>
      <div className="page-head">
        <h1>Replicas</h1>
        <p className="muted">{count(masters.data.filter(master => master.active).length, 'process', 'processes')} at work</p>
      </div>
      <VirtualRows items={masters.data} rowHeight={rowHeight} keyOf={idOf} label="Replicas">
        {master => (
          <div className="row master-row" data-testid="master-row" data-active={master.active}>
            <span className="row-name">{master.name}</span>
            <span className="muted">{master.active ? 'at work' : 'gone'}</span>
            <span className="muted list-when"><Ago at={master.last_active} /></span>
          </div>
        )}
      </VirtualRows>
    </section>
  )
}
