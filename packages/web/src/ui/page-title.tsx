import { useQuery } from '@tanstack/react-query'
import type { ReactElement } from 'react'
import { titleQuery } from '../api/title.js'

/** The browser's title: what is specific first, for narrow tabs. */
export function PageTitle({ children }: { children: string }): ReactElement {
  const title = useQuery(titleQuery()).data ?? 'Yardmaster'
  return <title>{children ? `${children} · ${title}` : title}</title>
}
