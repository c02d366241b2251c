import type { ReactElement } from 'react'
import type { Cause } from '../api/cause.js'
import { shortRevision } from '../lib/format.js'

/** What is built: branch and revision, linked where the change says where to. */
export function Revision({ cause }: { cause: Cause | null | undefined }): ReactElement {
  const { sourcestamp, change } = cause ?? {}
  if (!sourcestamp) return <span className="revision" />
  const { branch, revision } = sourcestamp
  const text = revision ? shortRevision(revision) : 'newest'
  return (
    <span className="revision" title={[branch, revision, sourcestamp.repository].filter(Boolean).join(' · ')}>
      {branch && <span className="branch">{branch}</span>}
      {change?.revlink ? <a href={change.revlink} className="mono">{text}</a> : <span className={revision ? 'mono' : 'muted'}>{text}</span>}
    </span>
  )
}
