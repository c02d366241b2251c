import type { Build } from '@yardmaster/rest'
import { useState } from 'react'
import type { ReactElement } from 'react'
import { propertiesQuery } from '../../api/queries.js'
import { useLiveQuery } from '../../live/live-query.js'
import { useServices } from '../../services.js'
import { Empty, Failed, Loading } from '../../ui/states.js'

export function Properties({ build }: { build: Build }): ReactElement {
  const { api } = useServices()
  const [filter, setFilter] = useState('')
  const properties = useLiveQuery(propertiesQuery(api, build.buildid))
  if (properties.isError && !properties.data) return <Failed what="The properties" error={properties.error} retry={() => void properties.refetch()} />
  if (!properties.data) return <Loading />
  const shown = properties.data.filter(({ name }) => name.toLowerCase().includes(filter.toLowerCase()))
  return (
    <section className="block" aria-label="Properties">
      <input type="search" className="filter" placeholder="Filter properties by name" aria-label="Filter properties by name" value={filter} onChange={event => setFilter(event.target.value)} />
      {shown.length === 0 ? <Empty title="No properties" /> : (
        <table className="table properties" data-testid="properties">
          <thead><tr><th>Name</th><th>Value</th><th>Source</th></tr></thead>
          <tbody>{shown.map(({ name, value, source }) => <tr key={name}><td className="mono">{name}</td><td className="mono value">{readable(value)}</td><td className="muted">{source}</td></tr>)}</tbody>
        </table>
      )}
    </section>
  )
}

/** Text without its quotes, structures over several lines. */
function readable(json: string): string {
  try {
    const value: unknown = JSON.parse(json)
    return typeof value === 'string' ? value : JSON.stringify(value, null, 1)
  } catch {
    return json
  }
}
