import { useEffect, useRef } from 'react'
import type { FormEvent, ReactElement, ReactNode } from 'react'

type DialogProps = { title: string; onClose: () => void; onSubmit: () => void; submit: ReactNode; busy: boolean; testId: string; children: ReactNode }

/** A modal form. The browser's own: focus stays inside, Escape closes, focus returns. */
export function Dialog({ title, onClose, onSubmit, submit, busy, testId, children }: DialogProps): ReactElement {
  const element = useRef<HTMLDialogElement>(null)
  useEffect(() => element.current?.showModal(), [])
  const send = (event: FormEvent): void => {
    event.preventDefault()
    if (!busy) onSubmit()
  }
  return (
    <dialog ref={element} className="dialog" onClose={onClose} onMouseDown={event => event.target === element.current && onClose()} aria-label={title} data-testid={testId}>
      <form onSubmit={send} noValidate>
        <h2>{title}</h2>
        <div className="dialog-body">{children}</div>
        <div className="dialog-foot">
          <button type="button" onClick={onClose}>Close</button>
          <button type="submit" className="primary" disabled={busy} data-testid={`${testId}-submit`}>{submit}</button>
        </div>
      </form>
    </dialog>
  )
}
