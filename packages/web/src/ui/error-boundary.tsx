import { Component } from 'react'
import type { ReactElement, ReactNode } from 'react'

/** Instead of an empty page: what went wrong, and the way back. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { error: Error | null }> {
  override state = { error: null as Error | null }

  static getDerivedStateFromError(error: Error): { error: Error } {
    return { error }
  }

  override render(): ReactNode {
    const { error } = this.state
    return error ? <Stopped error={error} /> : this.props.children
  }
}

function Stopped({ error }: { error: Error }): ReactElement {
  return (
    <div className="page">
      <div className="failed" role="alert" data-testid="failed">
        <p><strong>This page stopped working.</strong> {error.message}</p>
        <button type="button" onClick={() => window.location.reload()}>Load it again</button>
      </div>
    </div>
  )
}
