import type { BuildRequest } from '@yardmaster/rest'
import type { ReactElement } from 'react'
import { useQueueControl } from '../api/queue.js'
import { ActButton } from './act-button.js'

/** The place of a waiting request in its builder's queue, and what moves it. The number comes back as an event. */
export function Priority({ request: { buildrequestid, priority } }: { request: BuildRequest }): ReactElement {
  const up = useQueueControl('The priority was not changed', yard => yard.setPriority(buildrequestid, priority + 1))
  const down = useQueueControl('The priority was not changed', yard => yard.setPriority(buildrequestid, priority - 1))
  const busy = up.isPending || down.isPending
  return (
    <span className="priority" title="Requests of a higher priority are built first">
      <ActButton act={{ thing: 'build_requests', id: buildrequestid, action: 'set_priority' }} className="small" aria-label="Lower priority" disabled={busy} onClick={() => down.mutate()} data-testid="priority-down">−</ActButton>
      <span className="muted" data-testid="priority">{priority}</span>
      <ActButton act={{ thing: 'build_requests', id: buildrequestid, action: 'set_priority' }} className="small" aria-label="Higher priority" disabled={busy} onClick={() => up.mutate()} data-testid="priority-up">+</ActButton>
    </span>
  )
}
