import type { Build } from '@yardmaster/rest'
import { useState } from 'react'
import type { ReactElement } from 'react'
import { useNavigate } from 'react-router'
import { requestOf } from '../../api/requested.js'
import { useControl } from '../../api/use-control.js'
import { RebuildDialog } from '../../force/rebuild-dialog.js'
import { Dialog } from '../../ui/dialog.js'
import { ActButton } from '../../ui/act-button.js'

/** Stop while it runs, Rebuild afterwards. */
export function BuildActions({ build, name }: { build: Build; name: string }): ReactElement {
  const [stopping, setStopping] = useState(false)
  const [changing, setChanging] = useState(false)
  const navigate = useNavigate()
  const rebuild = useControl('The build was not requested again')
  const path = `builds/${build.buildid}`
  const again = (): void => rebuild.mutate({ path, method: 'rebuild' }, {
    onSuccess: result => {
      const request = requestOf(result)
      void navigate(request === undefined ? `/builders/${build.builderid}` : `/buildrequests/${request}`)
    },
  })
  return (
    <span className="actions">
      {build.complete && <ActButton act={{ thing: 'builds', id: build.buildid, action: 'rebuild' }} onClick={() => setChanging(true)} data-testid="rebuild-with-changes-button">Rebuild with changes…</ActButton>}
      {build.complete
        ? <ActButton act={{ thing: 'builds', id: build.buildid, action: 'rebuild' }} onClick={again} disabled={rebuild.isPending} data-testid="rebuild-button">Rebuild</ActButton>
        : <ActButton act={{ thing: 'builds', id: build.buildid, action: 'stop' }} className="danger" onClick={() => setStopping(true)} data-testid="stop-button">Stop</ActButton>}
      {changing && <RebuildDialog build={build} name={name} onClose={() => setChanging(false)} />}
      {stopping && !build.complete && <StopDialog path={path} title={`Stop ${name} #${build.number}?`} onClose={() => setStopping(false)} />}
    </span>
  )
}

function StopDialog({ path, title, onClose }: { path: string; title: string; onClose: () => void }): ReactElement {
  const [reason, setReason] = useState('')
  const stop = useControl('The build was not stopped')
  const send = (): void => stop.mutate({ path, method: 'stop', params: { reason: reason || 'stopped on the web page' } }, { onSettled: onClose })
  return (
    <Dialog title={title} onClose={onClose} onSubmit={send} submit="Stop the build" busy={stop.isPending} testId="stop-dialog">
      <label className="field"><span>Reason</span><input type="text" value={reason} placeholder="shown with the build" onChange={event => setReason(event.target.value)} /></label>
    </Dialog>
  )
}
