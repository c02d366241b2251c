import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import type { ReactElement, ReactNode } from 'react'
import { useLocation } from 'react-router'
import { useServices } from '../services.js'
import { onSignedInElsewhere, sessionQuery, useSession } from './session.js'
import { SignInForm } from './sign-in-form.js'
import { SignedInPage, SignInFirst, SignInPage } from './sign-in-page.js'

/** What is below is for who may read. Whose session ends meanwhile signs in above it, and finds all that he had typed. */
export function SessionGuard({ children }: { children: ReactNode }): ReactElement {
  const { data: session, errorUpdateCount } = useSession()
  const { pathname } = useLocation()
  const [before, setBefore] = useState<string | null>(null)
  const now = session?.user?.username ?? null
  useEffect(() => {
    // Somebody else's page is no place for him.
    if (before !== null && now !== null && before !== now) window.location.reload()
    else if (now !== null) setBefore(now)
  }, [before, now])
  // Who it is may be known later: what is below says itself what it cannot read.
  if (!session) return <>{errorUpdateCount === 0 ? null : children}</>
  const ended = before !== null && now === null
  if (!session.mayRead && !ended) return pathname === '/sign-in' ? <SignInPage /> : pathname === '/signed-in' ? <SignedInPage /> : <SignInFirst session={session} />
  return <>{children}{ended && <Ended name={before} />}</>
}

function Ended({ name }: { name: string }): ReactElement {
  const element = useRef<HTMLDialogElement>(null)
  const session = useSession().data
  const queries = useQueryClient()
  const { live } = useServices()
  useEffect(() => element.current?.showModal(), [])
  const goOn = async (): Promise<void> => {
    await queries.invalidateQueries(sessionQuery)
    live.connect()
    await queries.invalidateQueries()
  }
  useEffect(() => onSignedInElsewhere(() => void goOn()))
  return (
    <dialog ref={element} className="dialog" aria-label="Your session has ended" onCancel={event => event.preventDefault()} data-testid="session-ended">
      <div className="session-ended">
        <h2>Your session has ended</h2>
        <p>Sign in again as <b>{name}</b> to go on where you were: what you have typed is still there.</p>
        {session && <SignInForm session={{ ...session, user: { username: name, fullName: name, email: null } }} page="/" besides onSignedIn={() => void goOn()} />}
        <button type="button" className="link" onClick={() => window.location.reload()}>Go on without signing in</button>
      </div>
    </dialog>
  )
}
