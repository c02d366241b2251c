import type { YardWorker } from '@yardmaster/rest'
import type { ReactElement, ReactNode } from 'react'
import { bytes } from '../../lib/format.js'
import { Ago } from '../../ui/times.js'

const none = <span className="muted">–</span>

/** Where it is, what it has, and what it is. */
export function WorkerFacts({ worker }: { worker: YardWorker }): ReactElement {
  const { connected, awaySince, status, builds, maxBuilds, units, capacity, failures, info } = worker
  const said = (name: string): string => (typeof info[name] === 'string' || typeof info[name] === 'number' ? String(info[name]) : '')
  const memory = typeof info['memoryBytes'] === 'number' ? ` of ${bytes(info['memoryBytes'])}` : ''
  return (
    <div className="facts-block">
      <dl className="facts worker-facts">
        <Fact name="Engine">{connected ? <span title={`${connected.host}, ${connected.protocol}`}>{connected.engine}</span> : none}</Fact>
        <Fact name={connected ? 'Connected' : 'Left'}>{connected ? <Ago at={connected.since} /> : awaySince === null ? 'never came' : <Ago at={awaySince} />}</Fact>
        <Fact name="Builds">{builds}{maxBuilds !== null && ` of ${maxBuilds}`}{capacity !== null && <span className="muted"> ({units} of {capacity} units)</span>}{failures > 0 && <span className="muted">, {failures} failed in a row</span>}</Fact>
        <Fact name="Load">{status ? <>{status.load1.toFixed(2)}{said('cores') && <span className="muted"> on {said('cores')} cores</span>}</> : none}</Fact>
        <Fact name="Disk free">{status ? bytes(status.diskFreeBytes) : none}</Fact>
        <Fact name="Memory free">{status ? <>{bytes(status.memoryFreeBytes)}<span className="muted">{memory}</span></> : none}</Fact>
        <Fact name="Program">{said('version') ? <>{connected?.protocol === 'msgpack' ? 'buildbot-worker' : 'yard worker'} {said('version')}</> : none}</Fact>
        <Fact name="System">{[said('platform') || said('system'), said('arch')].filter(text => text !== '').join(', ') || none}</Fact>
        <Fact name="Host">{said('hostname') || none}</Fact>
        <Fact name="Folder">{said('basedir') ? <code>{said('basedir')}</code> : none}</Fact>
      </dl>
      {worker.notes && <p className="comment" data-testid="worker-notes">{worker.notes}</p>}
    </div>
  )
}

function Fact({ name, children }: { name: string; children: ReactNode }): ReactElement {
  return <div className="fact"><dt>{name}</dt><dd>{children}</dd></div>
}

/** What people have written into its folder `info`. */
export function InfoFiles({ worker: { info } }: { worker: YardWorker }): ReactElement | null {
  const given = info['files']
  const files = typeof given === 'object' && given !== null && !Array.isArray(given) ? Object.entries(given) : []
  const known = files.length > 0 ? files : ['admin', 'host'].filter(name => info[name]).map(name => [name, info[name]] as const)
  if (known.length === 0) return null
  return (
    <section className="block" aria-label="Info files">
      <h2>Info</h2>
      <dl className="info-files">{known.map(([name, text]) => <div key={name}><dt><code>{name}</code></dt><dd>{String(text)}</dd></div>)}</dl>
    </section>
  )
}
