import type { Build, Builder, Instance } from '@yardmaster/rest'
import { useState } from 'react'
import type { ReactElement } from 'react'
import { Link } from 'react-router'
import { costOf, machineState, machineWhy } from '../../lib/machine-state.js'
import { BuildChip } from '../../ui/build-chip.js'
import { Elapsed } from '../../ui/times.js'
import { StopDialog } from './stop-dialog.js'
import { ActButton } from '../../ui/act-button.js'

export const instancePath = ({ id }: Pick<Instance, 'id'>): string => `/instances/${id}`

/** What it is doing, as a coloured word. */
export function MachineState({ instance }: { instance: Instance }): ReactElement {
  const { kind, text } = machineState(instance)
  return <span className={`state state-machine-${kind}`} data-testid="machine-state"><i aria-hidden="true" />{text}</span>
}

type Row = { instance: Instance; builds: readonly Build[]; builders: ReadonlyMap<number, Builder> }

/** A machine that is there: what it does, for how long, why, where, and what it costs. */
export function MachineRow({ instance, builds, builders }: Row): ReactElement {
  const [asked, setAsked] = useState(false)
  const { since } = machineState(instance)
  const place = [instance.zone, instance.plan].filter(text => text !== null).join(' · ')
  const why = machineWhy(instance)
  return (
    <div className="row machine-row" data-testid="machine-row" data-worker={instance.worker} data-state={instance.state}>
      <MachineState instance={instance} />
      <span className="row-name"><Link to={instancePath(instance)}>{instance.worker}</Link></span>
      <span className="muted machine-since"><Elapsed from={since} to={null} /></span>
      <span className="chips">
        {builds.map(build => <BuildChip key={build.buildid} build={build} name={builders.get(build.builderid)?.name} />)}
        <span className={instance.failure ? 'why machine-failure' : 'muted why'} title={why}>{why}</span>
      </span>
      <span className="muted machine-place" title={place}>{place}</span>
      <span className="row-count muted" title="what it costs so far">{instance.createdAt === null ? '' : costOf(instance) ?? ''}</span>
      {instance.desired === 'running'
        ? <ActButton act={{ thing: 'instances', id: instance.id, action: 'stop' }} className="small" onClick={() => setAsked(true)} data-testid="stop-machine-button">Stop…</ActButton>
        : <span />}
      {asked && <StopDialog instance={instance} onClose={() => setAsked(false)} />}
    </div>
  )
}
