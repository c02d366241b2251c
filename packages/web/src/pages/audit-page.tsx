import type { AuditRecord } from '@yardmaster/rest'
import { useState } from 'react'
import type { ReactElement } from 'react'
import { Link } from 'react-router'
import { useAudit } from '../api/tokens.js'
import { PageTitle } from '../ui/page-title.js'
import { Empty, Failed, Loading } from '../ui/states.js'
import { Ago } from '../ui/times.js'

type Outcome = 'all' | 'done' | 'refused'

/** Who did what, and what was refused, the newest first. */
export function AuditPage(): ReactElement {
  const [before, setBefore] = useState<number[]>([])
  const [actor, setActor] = useState('')
  const [action, setAction] = useState('')
  const [outcome, setOutcome] = useState<Outcome>('all')
  const from = before.at(-1)
  const found = useAudit({ ...(actor !== '' && { actor: actor.trim() }), ...(action !== '' && { action: action.trim() }), ...(outcome !== 'all' && { outcome }), ...(from !== undefined && { before: from }) })
  if (found.isError && !found.data) return <Failed what="The audit log" error={found.error} retry={() => void found.refetch()} />
  if (!found.data) return <Loading />
  const { actions, next } = found.data
  const fromStart = <T,>(set: (value: T) => void) => (value: T): void => { setBefore([]); set(value) }
  return (
    <section className="page" data-testid="audit-page">
      <PageTitle>Audit log</PageTitle>
      <div className="page-head">
        <h1>Audit log</h1>
        <p className="muted">what was done is kept for 400 days, what was refused for 30; programs act by <Link to="/tokens">tokens</Link></p>
        <span className="actions audit-filters">
          <input type="search" value={actor} placeholder="user:alice" aria-label="By whom" onChange={event => fromStart(setActor)(event.target.value)} data-testid="audit-actor" />
          <input type="search" value={action} placeholder="pause" aria-label="Which action" onChange={event => fromStart(setAction)(event.target.value)} data-testid="audit-action" />
          <select value={outcome} aria-label="Outcome" onChange={event => fromStart(setOutcome)(event.target.value as Outcome)} data-testid="audit-outcome">
            <option value="all">all</option><option value="done">done</option><option value="refused">refused</option>
          </select>
        </span>
      </div>
      {actions.length === 0 ? <Empty title="There is nothing of that kind" /> : (
        <div className="table-scroll">
          <table className="table" data-testid="audit">
            <thead><tr><th>When</th><th>Who</th><th>What</th><th>Of what</th><th>From</th><th>Outcome</th></tr></thead>
            <tbody>{actions.map(record => <Row key={record.id} record={record} />)}</tbody>
          </table>
        </div>
      )}
      <p>
        {before.length > 0 && <button type="button" onClick={() => setBefore(before.slice(0, -1))}>Newer</button>}
        {next !== null && <button type="button" onClick={() => setBefore([...before, next])}>Older</button>}
      </p>
    </section>
  )
}

function Row({ record: { at, actor, action, thing, thingId, address, outcome, note, parameters } }: { record: AuditRecord }): ReactElement {
  const detail = note ?? (Object.keys(parameters).length > 0 ? JSON.stringify(parameters) : '')
  return (
    <tr data-testid="audit-row" data-outcome={outcome}>
      <td className="muted"><Ago at={at} /></td>
      <td>{actor}</td>
      <td>{action}</td>
      <td className="muted">{thing.replace('_', ' ')} {thingId}</td>
      <td className="muted">{address}</td>
      <td className={outcome === 'refused' ? 'machine-failure audit-detail' : 'muted audit-detail'} title={detail}>{outcome === 'refused' ? 'refused: ' : ''}{detail}</td>
    </tr>
  )
}
