import type { z } from 'zod'
import type { AnswerOf, CallOf } from './call.js'
import type { Route } from './route.js'
import type { Caller } from './transport.js'

export type PagedAnswer = z.ZodType<{ next: number | string | null }>

/** Each page leads to the next one. */
export async function* pagesOf<R extends Route & { readonly answer: PagedAnswer }>(call: Caller, route: R, given: CallOf<R>): AsyncGenerator<AnswerOf<R>, void> {
  let before: number | string | null | undefined
  do {
    const page: AnswerOf<R> = await call(route, { ...given, query: { ...queryOf(given), ...(before !== undefined && { before }) } })
    yield page
    before = (page as z.output<PagedAnswer>).next
  } while (before !== null)
}

const queryOf = ({ query = {} }: { query?: object }): object => query
