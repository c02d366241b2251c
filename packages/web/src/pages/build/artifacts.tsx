import type { Build } from '@yardmaster/rest'
import { artifactPath } from '@yardmaster/domain'
import { useQuery } from '@tanstack/react-query'
import type { ReactElement } from 'react'
import { useAgainOn } from '../../api/again-on.js'
import { bytes, dateTime } from '../../lib/format.js'
import { useServices } from '../../services.js'
import { Empty, Failed, Loading } from '../../ui/states.js'

/** Files that the build has uploaded; looked for again whenever a step of it ends. */
export function Artifacts({ build: { buildid } }: { build: Build }): ReactElement {
  const { yard } = useServices()
  const key = ['yard', 'artifacts', buildid]
  useAgainOn([`builds/${buildid}/steps/*/finished`], key)
  const artifacts = useQuery({ queryKey: key, queryFn: () => yard.artifacts(buildid) })
  if (artifacts.isError && !artifacts.data) return <Failed what="The artifacts" error={artifacts.error} retry={() => void artifacts.refetch()} />
  if (!artifacts.data) return <Loading />
  if (artifacts.data.length === 0) return <Empty title="No artifacts">No step of this build has uploaded a file, or they are not kept any more.</Empty>
  return (
    <section className="block" aria-label="Artifacts">
      <table className="table" data-testid="artifacts">
        <thead><tr><th>Name</th><th>Size</th><th>Step</th><th>Kept until</th></tr></thead>
        <tbody>{artifacts.data.map(({ id, name, size, sha256, step, expiresAt }) => (
          <tr key={id}>
            <td className="mono"><a href={artifactPath(buildid, name)} download={name.split('/').at(-1)} title={`SHA-256 ${sha256}`}>{name}</a></td>
            <td>{bytes(size)}</td><td className="muted">{step.name}</td><td className="muted">{expiresAt === null ? 'as long as the build' : dateTime(expiresAt).slice(0, 10)}</td>
          </tr>
        ))}</tbody>
      </table>
    </section>
  )
}
