import type { ForceField } from '@yardmaster/rest'
import { useEffect, useId, useState } from 'react'
import type { KeyboardEvent, ReactElement } from 'react'
import { isShown, leaves } from './force-values.js'

type FieldTabsProps = { fields: readonly ForceField[]; errors: { readonly [field: string]: string }; panel: (field: ForceField) => ReactElement }

/** Each field on a tab of its own: the arrow keys go from one to the next, and one with a mistake in it comes to the front. */
export function FieldTabs({ fields, errors, panel }: FieldTabsProps): ReactElement {
  const id = useId()
  const shown = fields.filter(isShown)
  const [chosen, choose] = useState(0)
  const at = Math.min(chosen, shown.length - 1)
  const wrong = shown.map(field => errors[field.fullName] !== undefined || leaves([field]).some(({ fullName }) => errors[fullName] !== undefined))
  const firstWrong = wrong.indexOf(true)
  const told = JSON.stringify(errors)
  useEffect(() => { if (firstWrong >= 0) choose(firstWrong) }, [firstWrong, told])
  const move = (event: KeyboardEvent<HTMLButtonElement>): void => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
    if (step === 0) return
    event.preventDefault()
    const next = (at + step + shown.length) % shown.length
    choose(next)
    event.currentTarget.parentElement?.querySelectorAll('button')[next]?.focus()
  }
  return (
    <div className="field-tabs">
      <div role="tablist">
        {shown.map((field, index) => (
          <button key={`${field.fullName} ${index}`} type="button" role="tab" id={`${id}-tab${index}`} aria-selected={index === at} aria-controls={`${id}-panel${index}`} tabIndex={index === at ? 0 : -1}
            className={wrong[index] ? 'has-mistake' : undefined} onClick={() => choose(index)} onKeyDown={move}>{field.tablabel || field.label || field.name}</button>
        ))}
      </div>
      {shown.map((field, index) => (
        <div key={`${field.fullName} ${index}`} role="tabpanel" id={`${id}-panel${index}`} aria-labelledby={`${id}-tab${index}`} hidden={index !== at}>
          {panel(field)}
        </div>
      ))}
    </div>
  )
}
