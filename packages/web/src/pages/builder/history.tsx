import type { Build, Builder } from '@yardmaster/rest'
import { memo, useState } from 'react'
import type { MouseEvent, ReactElement } from 'react'
import { Link, useNavigate } from 'react-router'
import { historyQuery, workersQuery } from '../../api/queries.js'
import { useCause } from '../../api/use-cause.js'
import { firstLine, personName } from '../../lib/format.js'
import { outcomeOf } from '../../lib/results.js'
import { useLiveQuery } from '../../live/live-query.js'
import { useServices } from '../../services.js'
import { buildPath, BuildChip } from '../../ui/build-chip.js'
import { Revision } from '../../ui/revision.js'
import { Empty, Failed, Loading } from '../../ui/states.js'
import { Ago, Elapsed } from '../../ui/times.js'

const pageSize = 50

export function History({ builder }: { builder: Builder }): ReactElement {
  const { api } = useServices()
  const [limit, setLimit] = useState(pageSize)
  const history = useLiveQuery(historyQuery(api, builder.builderid, limit), true, 'keep')
  const workers = useLiveQuery(workersQuery(api)).data
  if (history.isError && !history.data) return <Failed what="The builds" error={history.error} retry={() => void history.refetch()} />
  if (!history.data) return <Loading />
  if (history.data.length === 0) return <Empty title="No builds yet">Make a commit, or press Force: the build appears here at once.</Empty>
  return (
    <section className="block" aria-label="Builds">
      <table className="table" data-testid="history">
        <thead><tr><th>Build</th><th>State</th><th>Why</th><th>Revision</th><th className="author">Author</th><th className="worker">Worker</th><th className="right">Started</th><th className="right">Duration</th></tr></thead>
        <tbody>{history.data.map(build => <HistoryRow key={build.buildid} build={build} worker={workers?.find(worker => worker.workerid === build.workerid)?.name ?? ''} />)}</tbody>
      </table>
      {history.data.length >= limit && <p className="after"><button type="button" onClick={() => setLimit(limit + 2 * pageSize)} disabled={history.isFetching}>Show older builds</button></p>}
    </section>
  )
}

const HistoryRow = memo(function HistoryRow({ build, worker }: { build: Build; worker: string }): ReactElement {
  const cause = useCause(build.buildrequestid)
  const navigate = useNavigate()
  /** The whole row leads to its build, unless somebody meant a link in it or marks its text. */
  const open = ({ target }: MouseEvent): void => {
    if (target instanceof HTMLElement && !target.closest('a') && !window.getSelection()?.toString()) void navigate(buildPath(build))
  }
  const why = cause?.change ? firstLine(cause.change.comments) : cause?.buildset.reason
  return (
    <tr data-testid="history-row" data-build={build.number} data-result={outcomeOf(build)} onClick={open}>
      <td><BuildChip build={build} /></td>
      <td className="state-string"><Link to={buildPath(build)}>{build.state_string}</Link></td>
      <td className="why" title={cause ? `${cause.buildset.reason}${cause.change ? `\n${cause.change.comments}` : ''}` : ''}>{why}</td>
      <td><Revision cause={cause} /></td>
      <td className="author">{cause?.change && personName(cause.change.author)}</td>
      <td className="worker">{worker}</td>
      <td className="right"><Ago at={build.started_at} /></td>
      <td className="right"><Elapsed from={build.started_at} to={build.complete_at} /></td>
    </tr>
  )
})
