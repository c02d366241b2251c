import type { Build, Rebuildable } from '@yardmaster/rest'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useId, useState } from 'react'
import type { ReactElement } from 'react'
import { useNavigate } from 'react-router'
import { useServices } from '../services.js'
import { Dialog } from '../ui/dialog.js'
import { Failed, Loading, sentenceOf } from '../ui/states.js'
import { beginning, changesOf, problemsOf } from './rebuild-values.js'
import type { RebuildDraft } from './rebuild-values.js'

type RebuildDialogProps = { build: Build; name: string; onClose: () => void }

/** A build once more, with other sources or properties: the form begins with what it was asked for with. */
export function RebuildDialog({ build, name, onClose }: RebuildDialogProps): ReactElement {
  const { yard } = useServices()
  const original = useQuery({ queryKey: ['rebuildable', build.buildid], queryFn: () => yard.rebuildable(build.buildid), staleTime: Infinity })
  if (original.data) return <RebuildForm build={build} name={name} original={original.data} onClose={onClose} />
  return (
    <Dialog title={`Rebuild ${name} #${build.number} with changes`} onClose={onClose} onSubmit={onClose} submit="Rebuild" busy testId="rebuild-dialog">
      {original.isError ? <Failed what="The build's form" error={original.error} retry={() => void original.refetch()} /> : <Loading />}
    </Dialog>
  )
}

function RebuildForm({ build, name, original, onClose }: RebuildDialogProps & { original: Rebuildable }): ReactElement {
  const { yard } = useServices()
  const navigate = useNavigate()
  const [draft, setDraft] = useState<RebuildDraft>(() => beginning(original))
  const [asked, setAsked] = useState(false)
  const problems = problemsOf(original, draft)
  const rebuild = useMutation({
    mutationFn: () => yard.rebuild(build.buildid, changesOf(original, draft)),
    onSuccess: ({ buildrequestid }) => navigate(`/buildrequests/${buildrequestid}`),
  })
  const send = (): void => {
    setAsked(true)
    if (problems.every(problem => problem === null)) rebuild.mutate()
  }
  const change = (more: Partial<RebuildDraft>): void => setDraft(current => ({ ...current, ...more }))
  return (
    <Dialog title={`Rebuild ${name} #${build.number} with changes`} onClose={onClose} onSubmit={send} submit="Rebuild" busy={rebuild.isPending} testId="rebuild-dialog">
      {rebuild.error !== null && <p className="form-error" role="alert">{sentenceOf(rebuild.error)}</p>}
      <TextField label="Reason" value={draft.reason} onChange={reason => change({ reason })} testId="rebuild-reason" />
      {draft.stamps.map((stamp, at) => {
        const set = (more: Partial<typeof stamp>): void => change({ stamps: draft.stamps.map((other, index) => (index === at ? { ...other, ...more } : other)) })
        return (
          <fieldset key={stamp.codebase}>
            <legend>{stamp.codebase ? `Codebase: ${stamp.codebase}` : 'Source'}</legend>
            <div className="field-group columns-2">
              <TextField label="Branch" value={stamp.branch} placeholder="the repository's default" onChange={branch => set({ branch })} testId={`rebuild-branch-${stamp.codebase}`} />
              <TextField label="Revision" value={stamp.revision} placeholder="the newest" onChange={revision => set({ revision })} testId={`rebuild-revision-${stamp.codebase}`} />
            </div>
            {original.sourcestamps[at]?.patch && <label className="field-check"><input type="checkbox" checked={stamp.patch} onChange={event => set({ patch: event.target.checked })} /> with its patch</label>}
          </fieldset>
        )
      })}
      <fieldset>
        <legend>Properties</legend>
        {draft.properties.map((property, at) => {
          const set = (more: Partial<typeof property> | null): void => change({ properties: draft.properties.flatMap((other, index) => (index !== at ? [other] : more === null ? [] : [{ ...other, ...more }])) })
          const problem = asked ? problems[at] : null
          return (
            <div key={property.key} className="rebuild-property" data-testid={`rebuild-property-${property.name}`}>
              {property.added ? <input type="text" aria-label="Name of the property" placeholder="name" value={property.name} aria-invalid={problem !== null && property.name === ''} onChange={event => set({ name: event.target.value })} /> : <code>{property.name}</code>}
              <input type="text" aria-label={`Value of ${property.name || 'the property'}`} value={property.text} aria-invalid={problem !== null} onChange={event => set({ text: event.target.value })} />
              <button type="button" className="small" aria-label={`Leave out ${property.name || 'the property'}`} onClick={() => set(null)}>Remove</button>
              {problem && <p className="field-error" role="alert">{problem}</p>}
            </div>
          )
        })}
        <button type="button" className="small" onClick={() => change({ added: draft.added + 1, properties: [...draft.properties, { key: `new ${draft.added}`, name: '', text: '', added: true }] })} data-testid="rebuild-add-property">Add a property</button>
      </fieldset>
    </Dialog>
  )
}

function TextField({ label, value, placeholder, onChange, testId }: { label: string; value: string; placeholder?: string; onChange: (value: string) => void; testId: string }): ReactElement {
  const id = useId()
  return <div className="field" data-testid={testId}><label htmlFor={id}>{label}</label><input id={id} type="text" autoComplete="off" value={value} placeholder={placeholder} onChange={event => onChange(event.target.value)} /></div>
}
