import type { ComponentProps, ReactElement } from 'react'
import { useRefusal } from '../api/rights.js'

type ActProps = Omit<ComponentProps<'button'>, 'type'> & {
  /** What it does, to which row of which table; null: to none. */
  act: { thing: string; id: number | null; action: string }
}

/** A button for what not everybody may do: disabled where it would be refused, and tells why. */
export function ActButton({ act: { thing, id, action }, disabled = false, title, ...button }: ActProps): ReactElement {
  const refusal = useRefusal(thing, id, action)
  // Still reached by keyboard, so that the reason is, too.
  if (refusal !== undefined) return <button {...button} type="button" aria-disabled="true" title={refusal} onClick={undefined} data-refused={action} />
  return <button {...button} type="button" disabled={disabled} title={title} />
}
