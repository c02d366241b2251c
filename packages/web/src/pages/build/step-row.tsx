import type { Build, Step } from '@yardmaster/rest'
import { useEffect, useRef } from 'react'
import type { ReactElement } from 'react'
import { outcomeOf } from '../../lib/results.js'
import { ResultBadge } from '../../ui/result-icon.js'
import { Elapsed } from '../../ui/times.js'
import { StepLogs } from './step-logs.js'
import type { LogTarget } from './steps.js'

type StepRowProps = { step: Step; build: Build; target: LogTarget | null; open: boolean; onOpen: (open: boolean) => void }

export function StepRow({ step, build, target, open, onOpen }: StepRowProps): ReactElement {
  const row = useRef<HTMLLIElement>(null)
  const started = step.started_at !== null
  const known = outcomeOf(step)
  const outcome = known === 'pending' && build.complete ? 'not run' : known
  useEffect(() => {
    if (target) row.current?.scrollIntoView({ block: 'start' })
  }, [target?.step])
  return (
    <li ref={row} className={`step is-${outcome.replace(' ', '-')}`} data-testid="step-row" data-step={step.name} data-result={outcome}>
      <div className="step-head">
        <button type="button" className="step-toggle" aria-expanded={open} disabled={!started} onClick={() => onOpen(!open)} data-testid="step-toggle">
          <svg className="turn" viewBox="0 0 16 16" aria-hidden="true"><path d="M6 4l4 4-4 4" /></svg>
          <ResultBadge outcome={outcome} />
          <span className="step-name">{step.name}</span>
          <span className="step-state">{step.state_string === step.name ? '' : step.state_string}</span>
          <span className="step-time"><Elapsed from={step.started_at} to={step.complete_at} /></span>
        </button>
        {step.urls.length > 0 && <span className="step-urls">{step.urls.map(({ name, url }) => <a key={name + url} href={url} rel="noreferrer">{name}</a>)}</span>}
      </div>
      {open && started && <StepLogs step={step} build={build} target={target} keepOpen={() => onOpen(true)} />}
    </li>
  )
}
