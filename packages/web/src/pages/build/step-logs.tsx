import type { Build, Log, Step } from '@yardmaster/rest'
import { useState } from 'react'
import type { ReactElement } from 'react'
import { logsQuery } from '../../api/queries.js'
import { outcomeOf } from '../../lib/results.js'
import { useLiveQuery } from '../../live/live-query.js'
import { useServices } from '../../services.js'
import { buildPath } from '../../ui/build-chip.js'
import { Failed, Loading } from '../../ui/states.js'
import { LogView } from './log-view.js'
import type { LogTarget } from './steps.js'

type StepLogsProps = { step: Step; build: Build; target: LogTarget | null; /** The reader is in the midst of it. */ keepOpen: () => void }

export function StepLogs({ step, build, target, keepOpen }: StepLogsProps): ReactElement {
  const { api } = useServices()
  const logs = useLiveQuery(logsQuery(api, step.stepid))
  const [chosen, setChosen] = useState<string | null>(null)
  if (logs.isError && !logs.data) return <Failed what="The logs" error={logs.error} retry={() => void logs.refetch()} />
  if (!logs.data) return <div className="step-body"><Loading /></div>
  const log = logs.data.find(({ slug }) => slug === (chosen ?? target?.slug)) ?? logs.data[0]
  if (!log) return <p className="step-body no-logs muted">{step.complete ? 'This step wrote no log.' : 'Nothing written yet.'}</p>
  const failed = ['failure', 'exception'].includes(outcomeOf(step))
  return (
    <div className="step-body">
      {logs.data.length > 1 && <LogTabs logs={logs.data} shown={log} onChoose={setChosen} />}
      <LogView key={log.logid} log={log} path={`${buildPath(build)}/steps/${step.number}/logs/${log.slug}`} startAtEnd={failed}
        line={target?.slug === log.slug || target?.slug === null ? target.line : null} onRead={keepOpen} />
    </div>
  )
}

function LogTabs({ logs, shown, onChoose }: { logs: readonly Log[]; shown: Log; onChoose: (slug: string) => void }): ReactElement {
  return (
    <div className="log-tabs" role="tablist" aria-label="Logs of the step">
      {logs.map(log => <button key={log.logid} type="button" role="tab" aria-selected={log.logid === shown.logid} onClick={() => onChoose(log.slug)}>{log.name}</button>)}
    </div>
  )
}
