import type { Pool } from '@yardmaster/rest'
import { useState } from 'react'
import type { ReactElement } from 'react'
import { Link } from 'react-router'
import { usePoolControl } from '../../api/machines.js'
import { count, duration } from '../../lib/format.js'
import { capShare, heldUp, machinesOf, money } from '../../lib/machine-state.js'
import { useNow } from '../../services.js'
import { Dialog } from '../../ui/dialog.js'
import { ActButton } from '../../ui/act-button.js'

export const poolPath = ({ name }: Pick<Pool, 'name'>): string => `/machines/${encodeURIComponent(name)}`

/** What a pool has and costs, in one line; what holds it up below. */
export function PoolHead({ pool, level }: { pool: Pool; level: 1 | 2 }): ReactElement {
  const held = heldUp(pool)
  const { configured, waiting } = pool
  const Name = level === 1 ? 'h1' : 'h2'
  return (
    <>
      <div className="pool-head">
        <Name>{level === 1 ? pool.name : <Link to={poolPath(pool)}>{pool.name}</Link>}</Name>
        {configured && <span className="tag">{configured.provider}</span>}
        {held && <span className={`tag pool-held pool-held-${held.kind}`} data-testid="pool-held">{held.text}</span>}
        <span className="pool-count" data-testid="pool-count"><b>{machinesOf(pool)}</b>{configured && <span className="of"> of {configured.max}</span>} {configured?.max === 1 ? 'machine' : 'machines'}</span>
        {waiting > 0 && <span className="row-count waiting" title="builds that wait and may run on it" data-testid="pool-waiting">{count(waiting, 'build')} waiting</span>}
        <Spent pool={pool} />
        {pool.boot && <span className="muted pool-boot" title={`from the wish to the worker's connection: half of the last ${count(pool.boot.machines, 'machine')}; one in ten takes ${duration(pool.boot.connected.p90)}`}>boots in {duration(pool.boot.connected.p50)}</span>}
        <PoolActions pool={pool} />
      </div>
      <Notices pool={pool} />
    </>
  )
}

function Spent({ pool }: { pool: Pool }): ReactElement | null {
  const { spent, cap } = pool
  const share = capShare(pool)
  if (!spent) return null
  return (
    <span className="pool-spent" title={cap ? `spent today, of at most ${money(cap.amount, spent.currency)} a day (${cap.timeZone})` : 'spent today'} data-testid="pool-spent">
      <span>{money(spent.today, spent.currency)}{cap && <span className="of"> of {cap.amount}</span>} today</span>
      {share !== null && <span className="meter" role="meter" aria-label="part of the day's cap that is spent" aria-valuenow={Math.round(share * 100)} aria-valuemin={0} aria-valuemax={100}><i style={{ width: `${share * 100}%` }} className={share > 0.9 ? 'full' : ''} /></span>}
    </span>
  )
}

function Notices({ pool: { name, alert, backoff, paused, active, failures, obstacle, waiting } }: { pool: Pool }): ReactElement {
  const now = useNow(backoff !== null || obstacle !== null)
  return (
    <>
      {alert && <p className="notice notice-missing" role="alert" data-testid="pool-alert"><strong>Nothing is started for {name} until somebody has looked.</strong> {alert.reason}</p>}
      {backoff && <p className="notice" data-testid="pool-backoff"><strong>Nothing is started for {duration(backoff.until - now)}</strong>{failures > 1 && <> after {failures} failures in a row</>}: {backoff.reason}</p>}
      {paused && <p className="notice" data-testid="pool-paused"><strong>Paused:</strong>{paused.reason ?? 'nothing is started until somebody resumes it'}</p>}
      {obstacle && waiting > 0 && !alert && !backoff && !paused && <p className="notice" data-testid="pool-obstacle"><strong>Nothing is started{obstacle.until !== null && <> for {duration(obstacle.until - now)}</>}:</strong>{obstacle.reason}</p>}
      {!active && <p className="notice"><strong>No configuration names it any more:</strong>its machines go</p>}
    </>
  )
}

function PoolActions({ pool }: { pool: Pool }): ReactElement {
  const [asked, setAsked] = useState(false)
  const control = usePoolControl()
  return (
    <span className="actions">
      {pool.alert && <ActButton act={{ thing: 'worker_pools', id: pool.id, action: 'clear-alert' }} className="small" disabled={control.isPending} onClick={() => control.mutate({ pool, action: 'clear-alert' })} data-testid="clear-alert-button">Start machines again</ActButton>}
      {pool.paused
        ? <ActButton act={{ thing: 'worker_pools', id: pool.id, action: 'resume' }} className="small" disabled={control.isPending} onClick={() => control.mutate({ pool, action: 'resume' })} data-testid="resume-pool-button">Resume</ActButton>
        : <ActButton act={{ thing: 'worker_pools', id: pool.id, action: 'pause' }} className="small" onClick={() => setAsked(true)} data-testid="pause-pool-button">Pause…</ActButton>}
      {asked && <PauseDialog pool={pool} onClose={() => setAsked(false)} />}
    </span>
  )
}

function PauseDialog({ pool, onClose }: { pool: Pool; onClose: () => void }): ReactElement {
  const [reason, setReason] = useState('')
  const control = usePoolControl()
  const send = (): void => control.mutate({ pool, action: 'pause', ...(reason && { reason }) }, { onSettled: onClose })
  return (
    <Dialog title={`Pause ${pool.name}?`} onClose={onClose} onSubmit={send} submit="Pause" busy={control.isPending} testId="pause-pool-dialog">
      <p>No machine is started for it. Those that it has go on, and go when nobody needs them.</p>
      <label className="field"><span>Reason</span><input type="text" value={reason} onChange={event => setReason(event.target.value)} /></label>
    </Dialog>
  )
}
