import { useQuery } from '@tanstack/react-query'
import type { ReactElement } from 'react'
import { Link } from 'react-router'
import { countsQuery } from '../api/queries.js'
import { titleQuery } from '../api/title.js'
import { useLiveQuery, useLiveStatus } from '../live/live-query.js'
import type { LiveStatus } from '../live/live-socket.js'
import { useServices } from '../services.js'
import { UserMenu } from '../sign-in/user-menu.js'
import { PageLinks } from './page-links.js'
import { SearchBox } from './search-box.js'

export function Header(): ReactElement {
  const { yard } = useServices()
  const title = useQuery(titleQuery()).data
  const { running, waiting } = useLiveQuery(countsQuery(yard)).data ?? {}
  return (
    <header className="header">
      <Link to="/" className="brand" data-testid="title">
        <svg viewBox="0 0 32 32" aria-hidden="true"><path d="M4 23h24M4 23c9 0 11-13 24-13" /><circle cx="9" cy="9.5" r="3.4" /></svg>
        <span>{title ?? ''}</span>
      </Link>
      <PageLinks />
      <SearchBox />
      <div className="header-counts">
        <span title="Builds that run now" data-testid="running-count" className={running ? 'has-some' : ''}><b>{running ?? '–'}</b> running</span>
        <Link to="/pendingbuildrequests" title="Build requests that wait for a worker" data-testid="waiting-count" className={waiting ? 'has-some' : ''}>
          <b>{waiting ?? '–'}</b> waiting
        </Link>
        <LiveState status={useLiveStatus()} />
        <UserMenu />
      </div>
    </header>
  )
}

const told: Record<LiveStatus, { word: string; title: string }> = {
  live: { word: 'live', title: 'What you see changes as it happens' },
  connecting: { word: 'connecting…', title: 'Connecting to the server' },
  reconnecting: { word: 'reconnecting…', title: 'The live connection is lost and is being made again; until then the page asks every 10 s' },
}

function LiveState({ status }: { status: LiveStatus }): ReactElement {
  return <span className={`live live-${status}`} role="status" title={told[status].title} data-testid="live-state" data-state={status}><i aria-hidden="true" /><span>{told[status].word}</span></span>
}
