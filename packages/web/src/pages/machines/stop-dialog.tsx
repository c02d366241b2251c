import type { Instance } from '@yardmaster/rest'
import { useState } from 'react'
import type { ReactElement } from 'react'
import { useStopInstance } from '../../api/machines.js'
import { count } from '../../lib/format.js'
import { Dialog } from '../../ui/dialog.js'

/** Asks how and why a machine is to go. */
export function StopDialog({ instance, onClose }: { instance: Instance; onClose: () => void }): ReactElement {
  const [reason, setReason] = useState('')
  const [now, setNow] = useState(false)
  const stop = useStopInstance()
  const send = (): void => stop.mutate({ instance, body: { now, reason: reason || 'on the web page' } }, { onSettled: onClose })
  return (
    <Dialog title={`Stop the machine of ${instance.worker}?`} onClose={onClose} onSubmit={send} submit="Stop the machine" busy={stop.isPending} testId="stop-machine-dialog">
      <p>It is given no further build and is removed{instance.builds > 0 && !now ? ', once what it builds is done' : ''}. If builds wait, another may be started in its place.</p>
      {instance.builds > 0 && (
        <div className="field field-bool">
          <input type="checkbox" id="stop-now" checked={now} onChange={event => setNow(event.target.checked)} data-testid="stop-now" />
          <label htmlFor="stop-now">At once: {count(instance.builds, 'build')} that {instance.builds === 1 ? 'runs' : 'run'} on it {instance.builds === 1 ? 'is' : 'are'} built again elsewhere</label>
        </div>
      )}
      <label className="field"><span>Reason</span><input type="text" value={reason} onChange={event => setReason(event.target.value)} /></label>
    </Dialog>
  )
}
