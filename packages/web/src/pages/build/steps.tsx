import type { Build, Step } from '@yardmaster/rest'
import { useState } from 'react'
import type { ReactElement } from 'react'
import { stepsQuery } from '../../api/queries.js'
import { count } from '../../lib/format.js'
import { openByDefault } from '../../lib/open-steps.js'
import { useLiveQuery } from '../../live/live-query.js'
import { useServices } from '../../services.js'
import { Empty, Failed, Loading } from '../../ui/states.js'
import { StepRow } from './step-row.js'

export type LogTarget = { step: string; slug: string | null; line: number | null }

const isTarget = (step: Step, target: LogTarget | null): boolean => target !== null && (target.step === String(step.number) || target.step === step.name)

export function Steps({ build, target }: { build: Build; target: LogTarget | null }): ReactElement {
  const { api } = useServices()
  const steps = useLiveQuery(stepsQuery(api, build.buildid))
  const [chosen, setChosen] = useState<ReadonlyMap<number, boolean>>(new Map())
  const [hiddenToo, setHiddenToo] = useState(false)
  if (steps.isError && !steps.data) return <Failed what="The steps" error={steps.error} retry={() => void steps.refetch()} />
  if (!steps.data) return <Loading />
  if (steps.data.length === 0) return build.complete ? <Empty title="No steps">{build.state_string}</Empty> : <Empty title="The build is being prepared">Its steps appear here as they start.</Empty>
  const shown = steps.data.filter(step => hiddenToo || !step.hidden || isTarget(step, target))
  const hidden = steps.data.filter(step => step.hidden).length
  const opened = openByDefault(steps.data)
  const choose = (step: Step, open: boolean): void => setChosen(current => new Map(current).set(step.stepid, open))
  return (
    <>
      <ol className="steps" data-testid="steps">
        {shown.map(step => (
          <StepRow key={step.stepid} step={step} build={build} target={isTarget(step, target) ? target : null}
            open={chosen.get(step.stepid) ?? (isTarget(step, target) || (target === null && step.stepid === opened))} onOpen={open => choose(step, open)} />
        ))}
      </ol>
      {hidden > 0 && <p className="after"><button type="button" className="link" onClick={() => setHiddenToo(!hiddenToo)}>{hiddenToo ? 'Leave out' : 'Show'} {count(hidden, 'hidden step')}</button></p>}
    </>
  )
}
