import type { Json } from '@yardmaster/domain'
import { RestError } from '@yardmaster/rest'
import type { Builder, ForceField, ForceScheduler } from '@yardmaster/rest'
import { useMutation } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import type { ReactElement } from 'react'
import { requestOf } from '../api/requested.js'
import { useServices } from '../services.js'
import { Dialog } from '../ui/dialog.js'
import { sentenceOf } from '../ui/states.js'
import { useTell } from '../ui/toasts.js'
import { ForceFields } from './force-field.js'
import { homelessErrors, leaves } from './force-values.js'
import type { ForceValues } from './force-values.js'
import { lastValues, remember, rememberedName } from './remembered.js'
import { useForceForm } from './use-force-form.js'

type ForceDialogProps = { builder: Builder; schedulers: readonly ForceScheduler[]; onClose: () => void }

/** The form of a force scheduler for one builder; the server's complaints stand at their fields. */
export function ForceDialog({ builder, schedulers, onClose }: ForceDialogProps): ReactElement | null {
  const offered = schedulers.filter(scheduler => scheduler.builder_names.includes(builder.name))
  const [name, setName] = useState(offered[0]?.name)
  const scheduler = offered.find(candidate => candidate.name === name)
  if (!scheduler) return null
  const choice = offered.length > 1 && (
    <label className="field">
      <span>Scheduler</span>
      <select value={scheduler.name} onChange={event => setName(event.target.value)}>
        {offered.map(({ name: value, label }) => <option key={value} value={value}>{label || value}</option>)}
      </select>
    </label>
  )
  return <ForceForm key={scheduler.name} builder={builder} scheduler={scheduler} choice={choice} onClose={onClose} />
}

function ForceForm({ builder, scheduler, choice, onClose }: { builder: Builder; scheduler: ForceScheduler; choice: ReactElement | false; onClose: () => void }): ReactElement {
  const { api, clock } = useServices()
  const body = useRef<HTMLDivElement>(null)
  const tell = useTell()
  // What somebody filled in; all else is as the form has it, which may change with what its functions say.
  const [given, setGiven] = useState<ForceValues>(() => rememberedName(scheduler.all_fields))
  const { fields, values, asking } = useForceForm(builder, scheduler, given)
  const force = useMutation({
    mutationFn: () => api.control(`forceschedulers/${scheduler.name}`, 'force', { ...values, builderid: builder.builderid }),
    onSuccess: result => {
      remember(scheduler, given)
      const request = requestOf(result)
      tell.note(`A build of ${builder.name} was requested.`, request === undefined ? undefined : { to: `/buildrequests/${request}`, text: 'Show it' })
      onClose()
    },
    // After a tab with a mistake in it has come to the front.
    onError: () => clock.setTimeout(() => body.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus(), 50),
  })
  const errors = (force.error instanceof RestError ? force.error.fields : null) ?? {}
  const general = force.error === null ? [] : Object.keys(errors).length > 0 ? homelessErrors(fields, errors) : [sentenceOf(force.error)]
  const set = (field: ForceField, value: Json): void => setGiven(current => ({ ...current, [field.fullName]: value, ...populated(field, value) }))
  const last = Object.keys(given).every(name => leaves(fields).some(field => field.fullName === name && field.type === 'username')) ? lastValues(scheduler) : null
  return (
    <Dialog title={`Force a build of ${builder.name}`} onClose={onClose} onSubmit={() => force.mutate()} busy={force.isPending} submit={scheduler.button_name || 'Force'} testId="force-dialog">
      <div ref={body} className="force-form" aria-busy={asking}>
        {choice}
        {last && <p><button type="button" className="link" onClick={() => setGiven(last)} data-testid="as-last-time">Fill in as last time</button></p>}
        {general.map(message => <p key={message} className="form-error" role="alert">{message}</p>)}
        <ForceFields fields={fields} values={values} errors={errors} onChange={set} />
      </div>
    </Dialog>
  )
}

/** What picking this sets in other fields. */
function populated({ autopopulate }: ForceField, value: Json): ForceValues {
  const chosen = autopopulate && typeof value === 'string' ? autopopulate[value] : undefined
  return (chosen ?? {}) as ForceValues
}
