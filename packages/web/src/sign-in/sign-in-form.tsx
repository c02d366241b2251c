import type { FrontendSession } from '@yardmaster/rest'
import { useState } from 'react'
import type { FormEvent, ReactElement } from 'react'
import { loginUrl, signIn } from './session.js'

type Props = {
  session: FrontendSession
  /** The page to come back to. */
  page: string
  onSignedIn: () => void
  /** What is on this page must stay: signing in elsewhere opens a window of its own. */
  besides?: boolean
}

/** Name and password, or the way to where people sign in. */
export function SignInForm({ session, page, onSignedIn, besides = false }: Props): ReactElement {
  if (session.way === 'password') return <PasswordForm onSignedIn={onSignedIn} name={session.user?.username} />
  if (session.way === 'elsewhere') {
    return <a className="button primary wide" href={loginUrl(besides ? '/signed-in' : page)} data-testid="sign-in-elsewhere" {...(besides ? { target: '_blank', rel: 'opener' } : {})}>Sign in with {session.place}</a>
  }
  if (session.way === 'proxy') return <p>The proxy in front of this server signs people in, and has told of nobody. <button type="button" className="link" onClick={() => window.location.reload()}>Try again</button></p>
  return <p>Nobody can sign in here.</p>
}

function PasswordForm({ onSignedIn, name = '' }: { onSignedIn: () => void; name?: string | undefined }): ReactElement {
  const [given, setGiven] = useState({ username: name, password: '' })
  const [state, setState] = useState<{ busy: boolean; refusal: string | null }>({ busy: false, refusal: null })
  const send = async (): Promise<void> => {
    setState({ busy: true, refusal: null })
    const refusal = await signIn(given.username, given.password).catch(() => 'the server does not answer')
    setState({ busy: false, refusal })
    if (refusal === null) onSignedIn()
    else setGiven(kept => ({ ...kept, password: '' }))
  }
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (!state.busy) void send()
  }
  return (
    <form className="sign-in-form" onSubmit={submit} data-testid="sign-in-form">
      <label className="field"><span>Name</span>
        <input type="text" name="username" autoComplete="username" autoCapitalize="none" spellCheck={false} required autoFocus={name === ''} value={given.username} onChange={event => setGiven({ ...given, username: event.target.value })} />
      </label>
      <label className="field"><span>Password</span>
        <input type="password" name="password" autoComplete="current-password" required autoFocus={name !== ''} value={given.password} onChange={event => setGiven({ ...given, password: event.target.value })} />
      </label>
      {state.refusal !== null && <p className="form-error" role="alert" data-testid="sign-in-refusal">{sentence(state.refusal)}</p>}
      <button type="submit" className="primary wide" disabled={state.busy} data-testid="sign-in-submit">{state.busy ? 'Signing in…' : 'Sign in'}</button>
    </form>
  )
}

const sentence = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
