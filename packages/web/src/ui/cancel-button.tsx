import type { ReactElement } from 'react'
import { useQueueControl } from '../api/queue.js'
import { useControl } from '../api/use-control.js'
import { ActButton } from './act-button.js'

export function CancelButton({ buildrequestid }: { buildrequestid: number }): ReactElement {
  const cancel = useControl('The request was not cancelled')
  const send = (): void => cancel.mutate({ path: `buildrequests/${buildrequestid}`, method: 'cancel', params: { reason: 'cancelled on the web page' } })
  return <ActButton act={{ thing: 'build_requests', id: buildrequestid, action: 'cancel' }} className="small" disabled={cancel.isPending || cancel.isSuccess} onClick={send} data-testid="cancel-button">{cancel.isSuccess ? 'Cancelling…' : 'Cancel'}</ActButton>
}

/** Of everything that was asked for together with a request. */
export function CancelBuildsetButton({ buildsetid }: { buildsetid: number }): ReactElement {
  const cancel = useQueueControl('The buildset was not cancelled', yard => yard.cancelBuildset(buildsetid, { reason: 'cancelled on the web page' }))
  return <ActButton act={{ thing: 'buildsets', id: buildsetid, action: 'cancel' }} className="small" disabled={cancel.isPending} onClick={() => cancel.mutate()} data-testid="cancel-buildset-button">Cancel the whole buildset</ActButton>
}
