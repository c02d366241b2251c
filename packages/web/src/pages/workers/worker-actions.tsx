import type { WorkerAction, YardWorker } from '@yardmaster/rest'
import { useState } from 'react'
import type { ReactElement } from 'react'
import { useWorkerControl } from '../../api/yard-workers.js'
import { Dialog } from '../../ui/dialog.js'
import { ActButton } from '../../ui/act-button.js'

type Asked = { action: WorkerAction; title: string; submit: string; about: string }

const pause: Asked = { action: 'pause', title: 'Pause', submit: 'Pause', about: 'It is given no further build. What runs on it goes on.' }
const stop: Asked = { action: 'stop', title: 'Stop', submit: 'Stop the worker', about: 'It is given no further build, and its program ends once it is idle. It works again when somebody starts it.' }
const kill: Asked = { action: 'kill', title: 'Kill', submit: 'Kill the worker', about: 'Its program ends at once, and what it builds is built again elsewhere.' }

/** A latent worker goes with its machine. */
const latent: { [action in WorkerAction]?: string } = {
  stop: 'It is given no further build, and its machine is removed once it is idle. When builds wait, another may be started in its place.',
  kill: 'Its machine is removed at once, and what it builds is built again elsewhere. When builds wait, another may be started in its place.',
}

/** What changes little is done at once; what takes the worker away is asked for its reason first. */
export function WorkerActions({ worker }: { worker: YardWorker }): ReactElement {
  const [asked, setAsked] = useState<Asked | null>(null)
  const control = useWorkerControl()
  const now = (action: WorkerAction): void => control.mutate({ worker, action })
  return (
    <span className="actions worker-actions">
      {worker.quarantine && <ActButton act={{ thing: 'workers', id: worker.id, action: 'unquarantine' }} disabled={control.isPending} onClick={() => now('unquarantine')} data-testid="unquarantine-button">End the quarantine</ActButton>}
      {worker.paused
        ? <ActButton act={{ thing: 'workers', id: worker.id, action: 'unpause' }} disabled={control.isPending} onClick={() => now('unpause')} data-testid="unpause-button">Unpause</ActButton>
        : <ActButton act={{ thing: 'workers', id: worker.id, action: 'pause' }} onClick={() => setAsked(pause)} data-testid="pause-button">Pause…</ActButton>}
      {!worker.graceful && <ActButton act={{ thing: 'workers', id: worker.id, action: 'stop' }} onClick={() => setAsked(stop)} data-testid="stop-worker-button">Stop…</ActButton>}
      {!worker.killed && <ActButton act={{ thing: 'workers', id: worker.id, action: 'kill' }} className="danger" onClick={() => setAsked(kill)} data-testid="kill-button">Kill…</ActButton>}
      {asked && <ControlDialog worker={worker} asked={asked} onClose={() => setAsked(null)} />}
    </span>
  )
}

function ControlDialog({ worker, asked, onClose }: { worker: YardWorker; asked: Asked; onClose: () => void }): ReactElement {
  const [reason, setReason] = useState('')
  const control = useWorkerControl()
  const send = (): void => control.mutate({ worker, action: asked.action, reason: reason || 'on the web page' }, { onSettled: onClose })
  return (
    <Dialog title={`${asked.title} ${worker.name}?`} onClose={onClose} onSubmit={send} submit={asked.submit} busy={control.isPending} testId={`${asked.action}-dialog`}>
      <p>{worker.pool === null ? asked.about : (latent[asked.action] ?? asked.about)}{asked.action === 'kill' && worker.builds > 0 && <strong> {worker.builds === 1 ? 'One build runs' : `${worker.builds} builds run`} on it now.</strong>}</p>
      <label className="field"><span>Reason</span><input type="text" value={reason} onChange={event => setReason(event.target.value)} /></label>
    </Dialog>
  )
}
