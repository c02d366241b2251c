import type { Delivery, DeliveryFilter } from '@yardmaster/rest'
import { useState } from 'react'
import type { ReactElement } from 'react'
import { useDeliveries, useDelivery, useRedeliver } from '../api/deliveries.js'
import { count } from '../lib/format.js'
import { FilterBox, useFilter } from '../ui/filter-box.js'
import { PageTitle } from '../ui/page-title.js'
import { Empty, Failed, Loading } from '../ui/states.js'
import { Ago } from '../ui/times.js'
import { VirtualRows } from '../ui/virtual-rows.js'
import { ActButton } from '../ui/act-button.js'

const rowHeight = { wide: 41, narrow: 73 }
const idOf = (delivery: Delivery): number => delivery.id
const newest: DeliveryFilter = { limit: 500 }

/** What hooks were told of late, and what came of it. */
export function DeliveriesPage(): ReactElement {
  const found = useDeliveries(newest)
  const { text } = useFilter()
  const [open, setOpen] = useState<number | null>(null)
  if (found.isError && !found.data) return <Failed what="The deliveries" error={found.error} retry={() => void found.refetch()} />
  if (!found.data) return <Loading />
  const { deliveries } = found.data
  const shown = deliveries.filter(delivery => [delivery.hook, delivery.event, delivery.repository, delivery.state, delivery.key, became(delivery)].some(part => part.toLowerCase().includes(text)))
  const failed = deliveries.filter(({ state }) => state === 'failed').length
  return (
    <section className="page" data-testid="deliveries-page">
      <PageTitle>Deliveries</PageTitle>
      <div className="page-head">
        <h1>Deliveries</h1>
        <p className="muted">the newest {count(deliveries.length, 'message')} of hooks{failed > 0 ? `, ${failed} failed` : ''}</p>
        <FilterBox label="Filter deliveries" />
      </div>
      {deliveries.length === 0 && <Empty title="No deliveries yet">Name a hook with <code>changeHooks.github(…)</code> or another under <code>changeHooks</code> in yard.config.ts, and give its address to the code host.</Empty>}
      {deliveries.length > 0 && shown.length === 0 && <Empty title={`No delivery has “${text}” in its hook, event, repository or outcome`} />}
      {open !== null && <Payload id={open} />}
      <VirtualRows items={shown} rowHeight={rowHeight} keyOf={idOf} label="Deliveries">
        {delivery => <DeliveryRow delivery={delivery} isOpen={delivery.id === open} toggle={() => setOpen(delivery.id === open ? null : delivery.id)} />}
      </VirtualRows>
    </section>
  )
}

function became({ state, changes, note, error, attempts }: Delivery): string {
  if (state === 'done') return changes.length > 0 ? count(changes.length, 'change') : note
  return `${attempts === 0 ? note || 'to be worked on' : `attempt ${attempts}`}${error === null ? '' : `: ${error}`}`
}

const stateKinds: { [state in Delivery['state']]: string } = { pending: 'machine-coming', done: 'machine-idle', failed: 'machine-failed' }

function DeliveryRow({ delivery, isOpen, toggle }: { delivery: Delivery; isOpen: boolean; toggle: () => void }): ReactElement {
  const redeliver = useRedeliver()
  const { id, hook, event, repository, state, error, receivedAt } = delivery
  const outcome = became(delivery)
  return (
    <div className="row delivery-row" data-testid="delivery-row" data-delivery={id} data-state={state}>
      <span className={`state state-${stateKinds[state]}`}><i aria-hidden="true" />{state}</span>
      <button type="button" className="small" aria-expanded={isOpen} onClick={toggle} data-testid="delivery-open">{hook} {event}</button>
      <span className="muted delivery-repository" title={repository}>{repository}</span>
      <span className={error === null ? 'why' : 'why machine-failure'} title={outcome} data-testid="delivery-outcome">{outcome}</span>
      <span className="muted delivery-at"><Ago at={receivedAt} /></span>
      <ActButton act={{ thing: 'deliveries', id: id, action: 'redeliver' }} className="small delivery-again" disabled={redeliver.isPending || state === 'pending'} onClick={() => redeliver.mutate(delivery)} data-testid="redeliver">Redeliver</ActButton>
    </div>
  )
}

function Payload({ id }: { id: number }): ReactElement {
  const { data, isError, error, refetch } = useDelivery(id)
  if (isError) return <Failed what={`Delivery ${id}`} error={error} retry={() => void refetch()} />
  if (!data) return <Loading />
  return (
    <section className="delivery-payload" aria-label={`Delivery ${id}`} data-testid="delivery-payload">
      <h2>{data.hook} {data.event} <small className="muted">{data.key}</small></h2>
      <pre tabIndex={0}>{JSON.stringify(data.payload, null, 2)}</pre>
    </section>
  )
}
