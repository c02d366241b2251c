import type { ReactElement } from 'react'
import { Link } from 'react-router'
import { Empty } from '../ui/states.js'
import { PageTitle } from '../ui/page-title.js'

export function NotFoundPage({ what = 'There is no such page' }: { what?: string }): ReactElement {
  return (
    <section className="page" data-testid="not-found">
      <PageTitle>Not found</PageTitle>
      <Empty title={what}>See <Link to="/">all builders</Link> or <Link to="/workers">the workers</Link>.</Empty>
    </section>
  )
}
