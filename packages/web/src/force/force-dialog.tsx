import type { Json } from '@yardmaster/domain'
import { RestError } from '@yardmaster/rest'
import type { Builder, ForceScheduler } from '@yardmaster/rest'
import { useMutation } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import type { ReactElement } from 'react'
import { requestOf } from '../api/requested.js'
import { useServices } from '../services.js'
import { Dialog } from '../ui/dialog.js'
import { sentenceOf } from '../ui/states.js'
import { useTell } from '../ui/toasts.js'
import { ForceFields } from './force-field.js'
import { rememberName, withRememberedName } from './remembered-name.js'
import { defaultValues, homelessErrors } from './force-values.js'
import type { ForceValues } from './force-values.js'

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
  const form = useRef<HTMLDivElement>(null)
  const tell = useTell()
  const [values, setValues] = useState<ForceValues>(() => withRememberedName(scheduler.all_fields, defaultValues(scheduler.all_fields)))
  const force = useMutation({
    mutationFn: () => api.control(`forceschedulers/${scheduler.name}`, 'force', { ...values, builderid: builder.builderid }),
    onSuccess: result => {
      rememberName(scheduler.all_fields, values)
      const request = requestOf(result)
      tell.note(`A build of ${builder.name} was requested.`, request === undefined ? undefined : { to: `/buildrequests/${request}`, text: 'Show it' })
      onClose()
    },
    onError: () => clock.setTimeout(() => form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus(), 0),
  })
  const errors = (force.error instanceof RestError ? force.error.fields : null) ?? {}
  const general = force.error === null ? [] : Object.keys(errors).length > 0 ? homelessErrors(scheduler.all_fields, errors) : [sentenceOf(force.error)]
  const set = (fullName: string, value: Json): void => setValues(current => ({ ...current, [fullName]: value }))
  return (
    <Dialog title={`Force a build of ${builder.name}`} onClose={onClose} onSubmit={() => force.mutate()} busy={force.isPending} submit={scheduler.button_name || 'Force'} testId="force-dialog">
      <div ref={form} className="force-form">
        {choice}
        {general.map(message => <p key={message} className="form-error" role="alert">{message}</p>)}
        <ForceFields fields={scheduler.all_fields} values={values} errors={errors} onChange={set} />
      </div>
    </Dialog>
  )
}
