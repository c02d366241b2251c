import type { FrontendUser } from '@yardmaster/rest'
import { useEffect, useRef, useState } from 'react'
import type { ReactElement } from 'react'
import { Link, useLocation } from 'react-router'
import { signOut, useSession } from './session.js'

/** In the header: the way to sign in, or who has. Nothing where nobody signs in. */
export function UserMenu(): ReactElement | null {
  const session = useSession().data
  const { pathname, search } = useLocation()
  if (!session || (session.way === 'nowhere' && session.user === null)) return null
  if (session.user !== null) return <Menu user={session.user} canLeave={session.way !== 'proxy'} />
  if (pathname === '/sign-in' || session.way === 'proxy') return null
  return <Link className="header-sign-in" to={`/sign-in?${new URLSearchParams({ to: new URL(`.${pathname}${search}`, document.baseURI).href })}`} data-testid="sign-in-link">Sign in</Link>
}

function Menu({ user, canLeave }: { user: FrontendUser; canLeave: boolean }): ReactElement {
  const [open, setOpen] = useState(false)
  const element = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (!open) return
    const close = (event: Event): void => {
      if (event instanceof KeyboardEvent ? event.key === 'Escape' : !element.current?.contains(event.target instanceof Node ? event.target : null)) setOpen(false)
    }
    document.addEventListener('pointerdown', close)
    document.addEventListener('keydown', close)
    return () => {
      document.removeEventListener('pointerdown', close)
      document.removeEventListener('keydown', close)
    }
  }, [open])
  const leave = async (everywhere: boolean): Promise<void> => {
    await signOut(everywhere)
    window.location.reload()
  }
  const initials = user.fullName.split(/[\s._-]+/).map(part => part.charAt(0)).join('').slice(0, 2).toUpperCase()
  return (
    <div className="user-menu" ref={element}>
      <button type="button" className="user-button" aria-haspopup="true" aria-expanded={open} onClick={() => setOpen(!open)} title={user.fullName} data-testid="user-menu">
        <span className="avatar" aria-hidden="true">{initials}</span><span className="user-name">{user.fullName}</span>
      </button>
      {open && (
        <div className="user-items">
          <p><b>{user.fullName}</b><span className="muted">{user.email ?? user.username}</span></p>
          <Link to="/tokens" onClick={() => setOpen(false)}>API tokens</Link>
          {canLeave && <button type="button" onClick={() => void leave(false)} data-testid="sign-out">Sign out</button>}
          {canLeave && <button type="button" onClick={() => void leave(true)} data-testid="sign-out-everywhere">Sign out everywhere</button>}
        </div>
      )}
    </div>
  )
}
