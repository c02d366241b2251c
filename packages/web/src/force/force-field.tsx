import type { Json } from '@yardmaster/domain'
import type { ForceField } from '@yardmaster/rest'
import { useId } from 'react'
import type { ReactElement } from 'react'
import type { ForceValues } from './force-values.js'

type FieldsProps = { fields: readonly ForceField[]; values: ForceValues; errors: { readonly [field: string]: string }; onChange: (fullName: string, value: Json) => void }

export function ForceFields({ fields, ...rest }: FieldsProps): ReactElement {
  return <>{fields.filter(field => !field.hide && field.type !== 'fixed').map(field => <AnyField key={`${field.type} ${field.fullName}`} field={field} {...rest} />)}</>
}

function AnyField({ field, values, errors, onChange }: Omit<FieldsProps, 'fields'> & { field: ForceField }): ReactElement {
  if (field.type === 'nested') {
    const inner = <div className="field-group"><ForceFields fields={field.fields ?? []} values={values} errors={errors} onChange={onChange} /></div>
    return field.label ? <fieldset><legend>{field.label}</legend>{inner}</fieldset> : inner
  }
  return <LeafField field={field} value={values[field.fullName] ?? ''} error={errors[field.fullName]} onChange={value => onChange(field.fullName, value)} />
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
      {field.tooltip && <p className="field-help">{field.tooltip}</p>}
    </div>
  )
}

function Input({ id, field, value, error, onChange }: LeafProps & { id: string }): ReactElement {
  const common = { id, 'aria-invalid': error !== undefined, 'aria-describedby': error ? `${id}-error` : undefined, required: field.required }
  const text = typeof value === 'string' || typeof value === 'number' ? String(value) : ''
  if (field.type === 'bool') return <input {...common} type="checkbox" checked={value === true} onChange={event => onChange(event.target.checked)} />
  if (field.type === 'textarea') return <textarea {...common} rows={field.rows ?? 4} value={text} onChange={event => onChange(event.target.value)} />
  if (field.choices && field.multiple) {
    const chosen = Array.isArray(value) ? value.map(String) : []
    return <select {...common} multiple value={chosen} onChange={event => onChange([...event.target.selectedOptions].map(option => option.value))}>{options(field.choices)}</select>
  }
  if (field.choices && field.strict !== false) return <select {...common} value={text} onChange={event => onChange(event.target.value)}>{options(field.choices)}</select>
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
