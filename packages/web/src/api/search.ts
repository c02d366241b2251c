import { routes, type SearchHit, type YardClient } from '@yardmaster/rest'
import { keepPreviousData, queryOptions } from '@tanstack/react-query'

/** What is found now: a list that is gone with its question, so nothing keeps it true. */
export const searchQuery = (yard: YardClient, q: string) => queryOptions<SearchHit[]>({
  queryKey: ['search', q], enabled: q !== '', staleTime: 5_000, retry: false, placeholderData: keepPreviousData,
  queryFn: async () => (await yard.call(routes.lists.search, { query: { q: q.slice(0, 200), limit: 6 } })).hits,
})
