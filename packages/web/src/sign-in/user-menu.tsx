import type { FrontendUser } from '@yardmaster/rest'
import type { ReactElement } from 'react'
import { Link } from 'react-router'
import { useMenu } from '../ui/use-menu.js'
import { signOut, useSession, useSignInPath } from './session.js'

/** In the header: the way to sign in, or who has. Nothing where nobody signs in. */
export function UserMenu(): ReactElement | null {
  const session = useSession().data
  const signInPath = useSignInPath()
  if (!session || (session.way === 'nowhere' && session.user === null)) return null
  if (session.user !== null) return <Menu user={session.user} canLeave={session.way !== 'proxy'} />
  return signInPath ? <Link className="header-sign-in" to={signInPath} data-testid="sign-in-link">Sign in</Link> : null
}

function Menu({ user, canLeave }: { user: FrontendUser; canLeave: boolean }): ReactElement {
  const { open, setOpen, element } = useMenu()
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
        <div className="menu-items">
          <p><b>{user.fullName}</b><span className="muted">{user.email ?? user.username}</span></p>
          <Link to="/tokens" onClick={() => setOpen(false)}>Tokens</Link>
          {canLeave && <button type="button" onClick={() => void leave(false)} data-testid="sign-out">Sign out</button>}
          {canLeave && <button type="button" onClick={() => void leave(true)} data-testid="sign-out-everywhere">Sign out everywhere</button>}
        </div>
      )}
    </div>
  )
}
