import type { Builder } from '@yardmaster/rest'
import { useMemo } from 'react'
import type { ReactElement } from 'react'
import { useFilter } from '../../ui/filter-box.js'

/** All tags; several chosen ones must all be there. */
export function TagFilter({ builders }: { builders: readonly Builder[] }): ReactElement | null {
  const { tags, toggleTag } = useFilter()
  const all = useMemo(() => [...new Set([...builders.flatMap(builder => builder.tags), ...tags])].toSorted(), [builders, tags.join('\n')])
  if (all.length === 0) return null
  return (
    <div className="tag-filter" role="group" aria-label="Filter builders by tag">
      {all.map(tag => <button key={tag} type="button" className="tag" aria-pressed={tags.includes(tag)} onClick={() => toggleTag(tag)} data-testid="tag">{tag}</button>)}
    </div>
  )
}
