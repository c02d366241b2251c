import { RestError } from '@yardmaster/rest'
import type { ReactElement, ReactNode } from 'react'
import { Link } from 'react-router'
import { useSignInPath } from '../sign-in/session.js'

/** Says what is missing and what to do about it. */
export function Empty({ title, children }: { title: string; children?: ReactNode }): ReactElement {
  return (
    <div className="empty" data-testid="empty">
      <p className="empty-title">{title}</p>
      {children && <p>{children}</p>}
    </div>
  )
}

export function Loading(): ReactElement {
  return <div className="loading" role="status"><span className="unseen">Loading</span></div>
}

export function Failed({ what, error, retry }: { what: string; error: unknown; retry?: () => void }): ReactElement {
  const signIn = useSignInPath()
  const lacksSignIn = signIn !== null && error instanceof RestError && (error.status === 401 || error.status === 403)
  return (
    <div className="failed" role="alert" data-testid="failed">
      <p><strong>{what} could not be read.</strong> {sentenceOf(error)}</p>
      {lacksSignIn ? <Link className="button" to={signIn}>Sign in</Link> : retry && <button type="button" onClick={retry}>Try again</button>}
    </div>
  )
}

/** What went wrong, for a person. */
export function sentenceOf(error: unknown): string {
  if (error instanceof RestError) return `The server says: ${error.message} (${error.status}).`
  if (error instanceof TypeError) return 'The server does not answer. This page tries again by itself.'
  return error instanceof Error ? error.message : String(error)
}
