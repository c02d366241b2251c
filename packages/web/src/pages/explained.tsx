import type { BuildRequest } from '@yardmaster/rest'
import type { ReactElement } from 'react'
import { useExplanation, useQueueControl } from '../api/queue.js'
import { ActButton } from '../ui/act-button.js'

/** Why the request waits, and when it is expected to start; or why it ended without a build. */
export function Explained({ request }: { request: BuildRequest }): ReactElement | null {
  const [own, ...pools] = useExplanation(request) ?? []
  if (!own) return null
  const held = own.request?.reasons.some(reason => reason.kind === 'held') ?? false
  return (
    <div className="explained" data-testid="explained">
      <ul>{own.sentences.map(sentence => <li key={sentence}>{sentence}</li>)}</ul>
      {held && <ReleaseButton buildrequestid={request.buildrequestid} />}
      {own.request && pools.map(({ about, sentences }) => (
        <div key={about.id} className="muted">
          <p>Pool {about.name}</p>
          <ul>{sentences.map(sentence => <li key={sentence}>{sentence}</li>)}</ul>
        </div>
      ))}
    </div>
  )
}

function ReleaseButton({ buildrequestid }: { buildrequestid: number }): ReactElement {
  const release = useQueueControl('The request was not released', yard => yard.releaseRequest(buildrequestid))
  return <ActButton act={{ thing: 'build_requests', id: buildrequestid, action: 'release' }} className="small" disabled={release.isPending} onClick={() => release.mutate()} data-testid="release-button">Release</ActButton>
}
