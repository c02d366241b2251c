import type { Json } from '@yardmaster/domain'
import type { ForceField } from '@yardmaster/rest'
import { useId } from 'react'
import type { ReactElement } from 'react'
import { useSession } from '../sign-in/session.js'
import { FieldTabs } from './field-tabs.js'
import { FileInput } from './file-input.js'
import { isShown } from './force-values.js'
import type { ForceValues } from './force-values.js'

type FieldsProps = { fields: readonly ForceField[]; values: ForceValues; errors: { readonly [field: string]: string }; onChange: (field: ForceField, value: Json) => void }

export function ForceFields({ fields, ...rest }: FieldsProps): ReactElement {
  const signedIn = Boolean(useSession().data?.user)
  const asked = (field: ForceField) => isShown(field) && !(signedIn && isAskedWho(field))
  // By place too: groups without a name of their own are many.
  return <>{fields.map((field, at) => asked(field) && <AnyField key={`${field.type} ${field.fullName} ${at}`} field={field} {...rest} />)}</>
}

/** Of who has signed in the server knows it, and takes no other name. */
const isAskedWho = ({ type, fullName }: ForceField): boolean => type === 'username' && fullName === 'username'

function AnyField({ field, ...rest }: Omit<FieldsProps, 'fields'> & { field: ForceField }): ReactElement {
  if (field.type === 'nested') return <GroupField field={field} {...rest} />
  const { values, errors, onChange } = rest
  return <LeafField field={field} value={values[field.fullName] ?? ''} error={errors[field.fullName]} onChange={value => onChange(field, value)} />
}

function GroupField({ field, ...rest }: Omit<FieldsProps, 'fields'> & { field: ForceField }): ReactElement {
  const fields = field.fields ?? []
  const error = rest.errors[field.fullName]
  const across = field.layout === 'horizontal' ? fields.filter(isShown).length : field.columns ?? 1
  const inner = field.layout === 'tabs' ? <FieldTabs fields={fields} errors={rest.errors} panel={one => <AnyField field={one.type === 'nested' ? { ...one, label: '' } : one} {...rest} />} />
    : <div className={`field-group columns-${Math.min(Math.max(across, 1), 4)}`}><ForceFields fields={fields} {...rest} /></div>
  const told = error && <p className="field-error" role="alert">{error}</p>
  if (!field.label || field.layout === 'simple') return <>{inner}{told}</>
  return <fieldset data-testid={`group-${field.fullName}`}><legend>{field.label}</legend>{inner}{told}</fieldset>
}

type LeafProps = { field: ForceField; value: Json; error: string | undefined; onChange: (value: Json) => void }

function LeafField({ field, value, error, onChange }: LeafProps): ReactElement {
  const id = useId()
  const label = (field.label || field.name).replace(/:\s*$/, '')
  const name = label.charAt(0).toUpperCase() + label.slice(1)
  return (
    <div className={field.type === 'bool' ? 'field field-bool' : 'field'} data-testid={`field-${field.fullName}`}>
      <label htmlFor={id}>{name}{field.required && <span className="required" title="needed"> *</span>}</label>
      <Input id={id} field={field} value={value} error={error} onChange={onChange} />
      {error && <p className="field-error" id={`${id}-error`} role="alert">{error}</p>}
      {field.problem && field.problem !== error && <p className="field-problem" role="status">{field.problem}</p>}
      {field.tooltip && <p className="field-help">{field.tooltip}</p>}
    </div>
  )
}

function Input({ id, field, value, error, onChange }: LeafProps & { id: string }): ReactElement {
  const common = { id, 'aria-invalid': error !== undefined, 'aria-describedby': error ? `${id}-error` : undefined, required: field.required }
  const text = typeof value === 'string' || typeof value === 'number' ? String(value) : ''
  if (field.type === 'bool') return <input {...common} type="checkbox" checked={value === true} onChange={event => onChange(event.target.checked)} />
  if (field.type === 'file') return <FileInput {...common} maxsize={field.maxsize} filled={text !== ''} onText={onChange} />
  if (field.type === 'textarea') return <textarea {...common} rows={Math.min(field.rows ?? 4, 20)} value={text} onChange={event => onChange(event.target.value)} />
  if (field.choices && field.multiple) {
    const chosen = Array.isArray(value) ? value.map(String) : []
    return <select {...common} multiple value={chosen} onChange={event => onChange([...event.target.selectedOptions].map(option => option.value))}>{options(field.choices)}</select>
  }
  // What is chosen stays seen, also when it is no choice (any more).
  if (field.choices && field.strict !== false) return <select {...common} value={text} onChange={event => onChange(event.target.value)}>{options(field.choices.includes(text) ? field.choices : [text, ...field.choices])}</select>
  const list = field.choices && <datalist id={`${id}-list`}>{options(field.choices)}</datalist>
  return (
    <>
      <input {...common} type="text" inputMode={field.type === 'int' ? 'numeric' : undefined} list={list ? `${id}-list` : undefined} maxLength={field.maxsize ?? undefined}
        autoComplete={field.type === 'username' ? 'email' : 'off'} value={text} onChange={event => onChange(event.target.value)} />
      {list}
    </>
  )
}

const options = (choices: readonly string[]): ReactElement[] => choices.map(choice => <option key={choice} value={choice}>{choice}</option>)
