import { buildrequests, sourcestamps } from '@yardmaster/rest'
import type { Build } from '@yardmaster/rest'
import { useQuery } from '@tanstack/react-query'
import type { ReactElement } from 'react'
import { personName } from '../../lib/format.js'
import { useServices } from '../../services.js'

/** Of a longer patch the rest is left out: a browser would take seconds for it. */
const mostLines = 2_000

/** What was built on top of the revision, and is in no repository. */
export function Patches({ build }: { build: Build }): ReactElement | null {
  const { api } = useServices()
  const found = useQuery({
    queryKey: ['patches', build.buildrequestid], staleTime: Infinity,
    queryFn: async () => {
      const request = await api.one(buildrequests, `buildrequests/${build.buildrequestid}`)
      return request ? (await api.list(sourcestamps, `buildsets/${request.buildsetid}/sourcestamps`)).rows.filter(stamp => stamp.patch !== null) : []
    },
  })
  if (!found.data || found.data.length === 0) return null
  return <>{found.data.map(({ ssid, codebase, patch }) => patch && (
    <section key={ssid} className="patch" aria-label="Patch" data-testid="patch">
      <p>
        <strong title={patch.author ?? ''}>Patch{patch.author ? ` of ${personName(patch.author)}` : ''}</strong>
        {patch.comment && <span>{patch.comment}</span>}
        {codebase && <span className="muted">codebase {codebase}</span>}
        {patch.subdir !== '.' && patch.subdir !== '' && <span className="muted">in {patch.subdir}</span>}
        {patch.level !== 1 && <span className="muted">level {patch.level}</span>}
      </p>
      <Lines body={patch.body ?? ''} />
    </section>
  ))}</>
}

function Lines({ body }: { body: string }): ReactElement {
  const lines = body.replace(/\n$/, '').split('\n')
  return (
    <pre tabIndex={0}>
      {lines.slice(0, mostLines).map((line, at) => <span key={at} className={kindOf(line)}>{line === '' ? ' ' : line}</span>)}
      {lines.length > mostLines && <span className="place">and {lines.length - mostLines} more lines</span>}
    </pre>
  )
}

function kindOf(line: string): string | undefined {
  if (/^(diff |---|\+\+\+|rename |index |new file|deleted file|GIT binary)/.test(line)) return 'file'
  if (line.startsWith('@@')) return 'place'
  if (line.startsWith('+')) return 'added'
  return line.startsWith('-') ? 'removed' : undefined
}
