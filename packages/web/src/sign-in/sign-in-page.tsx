import type { FrontendSession } from '@yardmaster/rest'
import { useEffect } from 'react'
import type { ReactElement } from 'react'
import { useLocation, useSearchParams } from 'react-router'
import { loginUrl, tellSignedIn, useSession } from './session.js'
import { SignInForm } from './sign-in-form.js'
import { addressOf, pageOf } from './way-back.js'

/** At /sign-in?to=PAGE. */
export function SignInPage(): ReactElement {
  const [query] = useSearchParams()
  const session = useSession().data
  return session ? <SignIn session={session} page={pageOf(query.get('to'), document.baseURI)} /> : <></>
}

/** In the place of a page that is only for who has signed in. */
export function SignInFirst({ session }: { session: FrontendSession }): ReactElement {
  const { pathname, search, hash } = useLocation()
  const page = `${pathname}${search}${hash}`
  useEffect(() => {
    if (session.way === 'elsewhere' && session.autologin) window.location.replace(loginUrl(page))
  }, [session, page])
  return <SignIn session={session} page={page} first />
}

function SignIn({ session, page, first = false }: { session: FrontendSession; page: string; first?: boolean }): ReactElement {
  // Anew from the server: what was read before was for somebody else.
  const goOn = (): void => {
    const to = addressOf(page, document.baseURI)
    if (to === window.location.href) window.location.reload()
    else window.location.replace(to)
  }
  return (
    <section className="sign-in" data-testid="sign-in">
      <h1>Sign in</h1>
      {first && <p className="muted">What is built here is shown to those who have signed in.</p>}
      {session.user !== null && <p>You are signed in as <b>{session.user.fullName}</b>. <button type="button" className="link" onClick={goOn}>Go on</button></p>}
      <SignInForm session={{ ...session, user: null }} page={page} onSignedIn={goOn} />
    </section>
  )
}

/** What a window is left with that was opened to sign in elsewhere. */
export function SignedInPage(): ReactElement {
  useEffect(() => {
    tellSignedIn()
    window.close()
  }, [])
  return <section className="sign-in"><h1>You are signed in</h1><p>This window can be closed.</p></section>
}
