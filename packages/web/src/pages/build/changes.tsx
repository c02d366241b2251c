import { changes } from '@yardmaster/rest'
import { useQuery } from '@tanstack/react-query'
import type { ReactElement } from 'react'
import { personName, shortRevision } from '../../lib/format.js'
import { useServices } from '../../services.js'
import { Empty, Failed, Loading } from '../../ui/states.js'
import { Ago } from '../../ui/times.js'

const mostFiles = 50

export function Changes({ buildid }: { buildid: number }): ReactElement {
  const { api } = useServices()
  const found = useQuery({ queryKey: ['changes', buildid], queryFn: async () => (await api.list(changes, `builds/${buildid}/changes`)).rows })
  if (found.isError) return <Failed what="The changes" error={found.error} retry={() => void found.refetch()} />
  if (!found.data) return <Loading />
  if (found.data.length === 0) return <Empty title="No changes">Nothing was committed for this build: it was forced, rebuilt, or due.</Empty>
  return (
    <div className="changes">
      {found.data.map(change => (
        <article key={change.changeid} className="change" data-testid="change">
          <p className="change-head">
            <strong title={change.author}>{personName(change.author)}</strong>
            {change.revision && (change.revlink ? <a href={change.revlink} className="mono">{shortRevision(change.revision)}</a> : <span className="mono">{shortRevision(change.revision)}</span>)}
            {change.branch && <span className="branch">{change.branch}</span>}
            <span className="muted"><Ago at={change.when_timestamp} /></span>
          </p>
          <p className="comment">{change.comments.trim()}</p>
          <ul className="files">{change.files.slice(0, mostFiles).map(file => <li key={file} className="mono">{file}</li>)}</ul>
          {change.files.length > mostFiles && <p className="muted">and {change.files.length - mostFiles} more files</p>}
        </article>
      ))}
    </div>
  )
}
