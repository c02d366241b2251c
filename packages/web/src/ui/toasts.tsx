import { createContext, useCallback, useContext, useMemo, useRef, useState } from 'react'
import type { ReactElement, ReactNode } from 'react'
import { Link } from 'react-router'
import { useServices } from '../services.js'
import { sentenceOf } from './states.js'

type Toast = { id: number; text: string; kind: 'note' | 'error'; link?: { to: string; text: string } }
type Tell = { note(text: string, link?: Toast['link']): void; error(what: string, error: unknown): void }

const TellContext = createContext<Tell>({ note: () => undefined, error: () => undefined })
const shownMs = 8_000

export const useTell = (): Tell => useContext(TellContext)

/** What the page answers to an action, in a corner, for a while. */
export function Toasts({ children }: { children: ReactNode }): ReactElement {
  const { clock } = useServices()
  const [toasts, setToasts] = useState<readonly Toast[]>([])
  const nextId = useRef(1)
  const add = useCallback((toast: Omit<Toast, 'id'>) => {
    const id = nextId.current++
    setToasts(shown => [...shown, { ...toast, id }])
    clock.setTimeout(() => setToasts(shown => shown.filter(other => other.id !== id)), shownMs)
  }, [clock])
  const tell = useMemo<Tell>(() => ({
    note: (text, link) => add({ text, kind: 'note', link }),
    error: (what, error) => add({ text: `${what}. ${sentenceOf(error)}`, kind: 'error' }),
  }), [add])
  return (
    <TellContext value={tell}>
      {children}
      <div className="toasts" role="status" aria-live="polite">
        {toasts.map(toast => (
          <div key={toast.id} className={`toast toast-${toast.kind}`} data-testid="toast">
            {toast.text} {toast.link && <Link to={toast.link.to}>{toast.link.text}</Link>}
          </div>
        ))}
      </div>
    </TellContext>
  )
}
