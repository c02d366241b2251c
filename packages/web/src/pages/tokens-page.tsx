import type { Token } from '@yardmaster/rest'
import { useState } from 'react'
import type { ReactElement } from 'react'
import { useRefusal } from '../api/rights.js'
import { useRevokeToken, useTokens } from '../api/tokens.js'
import { dateTime } from '../lib/format.js'
import { PageTitle } from '../ui/page-title.js'
import { Empty, Failed, Loading } from '../ui/states.js'
import { Ago } from '../ui/times.js'
import { TokenDialog } from './token-dialog.js'

/** What programs sign in with: made here, told once, ended here. */
export function TokensPage(): ReactElement {
  const administers = useRefusal('api_tokens', null, 'administer') === undefined
  const [all, setAll] = useState(false)
  const [making, setMaking] = useState(false)
  const found = useTokens(all && administers)
  if (found.isError && !found.data) return <Failed what="The tokens" error={found.error} retry={() => void found.refetch()} />
  if (!found.data) return <Loading />
  return (
    <section className="page" data-testid="tokens-page">
      <PageTitle>Tokens</PageTitle>
      <div className="page-head">
        <h1>Tokens</h1>
        <p className="muted">what programs sign in with; each may do at most what its user may</p>
        <span className="actions">
          {administers && <label className="check"><input type="checkbox" checked={all} onChange={event => setAll(event.target.checked)} data-testid="all-tokens" /> of everybody</label>}
          <button type="button" className="primary" onClick={() => setMaking(true)} data-testid="new-token">New token…</button>
        </span>
      </div>
      {making && <TokenDialog onClose={() => setMaking(false)} />}
      {found.data.length === 0
        ? <Empty title="No tokens yet">The command line keeps one with <code>yard login</code>; other programs send it as <code>Authorization: Bearer …</code>.</Empty>
        : <TokenTable tokens={found.data} users={all} />}
    </section>
  )
}

function TokenTable({ tokens, users }: { tokens: Token[]; users: boolean }): ReactElement {
  const revoke = useRevokeToken()
  return (
    <div className="table-scroll">
      <table className="table" data-testid="tokens">
        <thead><tr>{users && <th>User</th>}<th>Name</th><th>May</th><th>Made</th><th>Used</th><th>State</th><th /></tr></thead>
        <tbody>{tokens.map(token => (
          <tr key={token.id} data-testid="token-row" data-works={token.works}>
            {users && <td>{token.username}</td>}
            <td>{token.name}</td>
            <td>{token.scopes.map(scope => <span key={scope} className="tag">{scope}</span>)}</td>
            <td className="muted"><Ago at={token.createdAt} /></td>
            <td className="muted">{token.usedAt === null ? 'never' : <Ago at={token.usedAt} />}</td>
            <td data-testid="token-state"><State token={token} /></td>
            <td className="right">{token.works && <button type="button" className="small" disabled={revoke.isPending} onClick={() => revoke.mutate(token)} data-testid="revoke-token">Revoke</button>}</td>
          </tr>
        ))}</tbody>
      </table>
    </div>
  )
}

function State({ token: { works, revoked, expiresAt } }: { token: Token }): ReactElement {
  if (revoked) return <span className="muted" title={`by ${revoked.by}`}>revoked <Ago at={revoked.at} /></span>
  if (works) return <span>until {dateTime(expiresAt)}</span>
  return <span className="muted">works no more</span>
}
