import type { ReactElement } from 'react'
import { useControl } from '../api/use-control.js'

export function CancelButton({ buildrequestid }: { buildrequestid: number }): ReactElement {
  const cancel = useControl('The request was not cancelled')
  const send = (): void => cancel.mutate({ path: `buildrequests/${buildrequestid}`, method: 'cancel', params: { reason: 'cancelled on the web page' } })
  return <button type="button" className="small" disabled={cancel.isPending || cancel.isSuccess} onClick={send} data-testid="cancel-button">{cancel.isSuccess ? 'Cancelling…' : 'Cancel'}</button>
}
