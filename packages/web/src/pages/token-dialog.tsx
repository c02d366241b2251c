import { useState } from 'react'
import type { ReactElement } from 'react'
import { useCreateToken } from '../api/tokens.js'
import { Dialog } from '../ui/dialog.js'

const kinds = [
  { scope: 'read', label: 'read', hint: 'where reading is not open to everybody' },
  { scope: 'control', label: 'do everything that you may', hint: 'force, stop, pause and all the rest' },
] as const
const spans = [7, 30, 90, 180, 365]

/** Asks what the token is for, and then tells it, this once. */
export function TokenDialog({ onClose }: { onClose: () => void }): ReactElement {
  const create = useCreateToken()
  const [name, setName] = useState('')
  const [chosen, setChosen] = useState<string[]>(['read'])
  const [more, setMore] = useState('')
  const [days, setDays] = useState(90)
  if (create.data) return <Told secret={create.data.secret} onClose={onClose} />
  const scopes = [...new Set([...chosen, ...more.split(/[\s,]+/).filter(scope => scope !== '')])]
  const send = (): void => create.mutate({ name, scopes, days })
  return (
    <Dialog title="New token" onClose={onClose} onSubmit={send} submit="Make the token" busy={create.isPending || name.trim() === '' || scopes.length === 0} testId="token-dialog">
      <label className="field"><span>Name</span><input type="text" value={name} placeholder="what it is for" maxLength={100} onChange={event => setName(event.target.value)} data-testid="token-name" /></label>
      <fieldset className="field"><legend>It may</legend>
        {kinds.map(({ scope, label, hint }) => (
          <label key={scope} className="check"><input type="checkbox" checked={chosen.includes(scope)} data-testid={`scope-${scope}`}
            onChange={event => setChosen(event.target.checked ? [...chosen, scope] : chosen.filter(one => one !== scope))} /> {label} <span className="muted">{hint}</span></label>
        ))}
      </fieldset>
      <label className="field"><span>Only these actions, and limits</span><input type="text" value={more} placeholder="force stop project:site builder:docs-*" onChange={event => setMore(event.target.value)} data-testid="token-scopes" /></label>
      <label className="field"><span>It works for</span>
        <select value={days} onChange={event => setDays(Number(event.target.value))} data-testid="token-days">{spans.map(span => <option key={span} value={span}>{span} days</option>)}</select>
      </label>
    </Dialog>
  )
}

function Told({ secret, onClose }: { secret: string; onClose: () => void }): ReactElement {
  const [copied, setCopied] = useState(false)
  const copy = (): void => void navigator.clipboard.writeText(secret).then(() => setCopied(true), () => setCopied(false))
  const address = new URL('.', document.baseURI).href.replace(/\/$/, '')
  return (
    <Dialog title="Your new token" onClose={onClose} onSubmit={copy} submit={copied ? 'Copied' : 'Copy'} busy={false} testId="token-told">
      <p><strong>Keep it now: it is not told again.</strong></p>
      <pre className="token" tabIndex={0} data-testid="token-secret">{secret}</pre>
      <p className="muted">For the command line:</p>
      <pre className="token" tabIndex={0}>{`yard login --url ${address}`}</pre>
      <p className="muted">For other programs:</p>
      <pre className="token" tabIndex={0}>{`curl -H "Authorization: Bearer $YARD_TOKEN" ${address}/api/v2/builds`}</pre>
    </Dialog>
  )
}
