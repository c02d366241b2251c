import type { YardScheduler } from '@yardmaster/rest'
import type { ReactElement } from 'react'
import { useSchedulerControl, useSchedulers } from '../api/schedulers.js'
import { count, dateTime, duration } from '../lib/format.js'
import { useNow } from '../services.js'
import { FilterBox, useFilter } from '../ui/filter-box.js'
import { PageTitle } from '../ui/page-title.js'
import { Empty, Failed, Loading } from '../ui/states.js'
import { Ago } from '../ui/times.js'
import { VirtualRows } from '../ui/virtual-rows.js'
import { ActButton } from '../ui/act-button.js'

const rowHeight = { wide: 41, narrow: 73 }
const idOf = (scheduler: YardScheduler): number => scheduler.id

/** Who makes builds of what happens: when each acts next, what waits in it, and why it is silent. */
export function SchedulersPage(): ReactElement {
  const schedulers = useSchedulers()
  const { text } = useFilter()
  if (schedulers.isError && !schedulers.data) return <Failed what="The schedulers" error={schedulers.error} retry={() => void schedulers.refetch()} />
  if (!schedulers.data) return <Loading />
  const shown = schedulers.data.filter(scheduler => [scheduler.name, scheduler.kind, ...scheduler.builders ?? []].some(part => part.toLowerCase().includes(text)))
  const disabled = schedulers.data.filter(scheduler => !scheduler.enabled).length
  return (
    <section className="page" data-testid="schedulers-page">
      <PageTitle>Schedulers</PageTitle>
      <div className="page-head">
        <h1>Schedulers</h1>
        <p className="muted">{count(schedulers.data.length, 'scheduler')}{disabled > 0 ? `, ${disabled} disabled` : ''}</p>
        <FilterBox label="Filter schedulers" />
      </div>
      {schedulers.data.length === 0 && <Empty title="No schedulers yet">Name them under <code>schedulers</code> in yard.config.ts.</Empty>}
      {schedulers.data.length > 0 && shown.length === 0 && <Empty title={`No scheduler has “${text}” in its name, kind or builders`} />}
      <VirtualRows items={shown} rowHeight={rowHeight} keyOf={idOf} label="Schedulers">{scheduler => <SchedulerRow scheduler={scheduler} />}</VirtualRows>
    </section>
  )
}

function SchedulerRow({ scheduler }: { scheduler: YardScheduler }): ReactElement {
  const control = useSchedulerControl()
  const { name, kind, enabled, builders, when, trouble } = scheduler
  const built = builders === null ? 'builders by a function' : builders.join(', ')
  return (
    <div className="row scheduler-row" data-testid="scheduler-row" data-scheduler={name} data-enabled={enabled}>
      <span className="row-name">{name}</span>
      <span className="tag">{kind}</span>
      <span className="scheduler-when" title={when}>{when}</span>
      <span className="muted scheduler-next" data-testid="scheduler-next"><Next scheduler={scheduler} /></span>
      <span className={trouble ? 'scheduler-state machine-failure' : 'scheduler-state muted'} title={trouble?.failure} data-testid="scheduler-state"><State scheduler={scheduler} /></span>
      <span className="muted scheduler-builders" title={built}>{built}</span>
      <ActButton act={{ thing: 'schedulers', id: scheduler.id, action: enabled ? 'disable' : 'enable' }} className="small" disabled={control.isPending} onClick={() => control.mutate({ scheduler, action: enabled ? 'disable' : 'enable' })} data-testid="scheduler-switch">{enabled ? 'Disable' : 'Enable'}</ActButton>
    </div>
  )
}

function Next({ scheduler: { nextAt, waiting, enabled } }: { scheduler: YardScheduler }): ReactElement | null {
  const times = [nextAt, waiting.nextAt].filter(at => at !== null)
  const now = useNow(times.length > 0)
  if (!enabled || times.length === 0) return null
  const at = Math.min(...times)
  return <time dateTime={new Date(at * 1000).toISOString()} title={dateTime(at)}>{at <= now ? 'now' : `in ${duration(at - now)}`}</time>
}

function State({ scheduler: { enabled, trouble, tasks, waiting, silence, firedAt } }: { scheduler: YardScheduler }): ReactElement {
  if (trouble) return <>could not build, tried {trouble.attempts === 1 ? 'once' : `${trouble.attempts} times`}: {trouble.failure}</>
  const parts = [enabled ? '' : 'disabled', tasks > 0 ? `${tasks} to build` : '', waiting.changes > 0 ? `${waiting.changes} ${waiting.changes === 1 ? 'change waits' : 'changes wait'}` : ''].filter(part => part !== '')
  return <>{parts.join(', ')}{firedAt !== null && <>{parts.length > 0 ? ', ' : ''}last <Ago at={firedAt} />{silence === null ? '' : `: nothing built, ${silence}`}</>}</>
}
