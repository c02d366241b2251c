import type { NotificationFilter } from '@yardmaster/rest'
import { useState } from 'react'
import type { ReactElement } from 'react'
import { useNotifications } from '../api/notifications.js'
import { NotificationTable } from '../ui/notification-table.js'
import { PageTitle } from '../ui/page-title.js'
import { Empty, Failed, Loading } from '../ui/states.js'

const perPage = 100
const trouble: NotificationFilter = { state: ['unknown', 'refused', 'gave_up'], limit: perPage }

/** What somebody should look at first, then everything. */
export function NotificationsPage(): ReactElement {
  const [before, setBefore] = useState<number[]>([])
  const from = before.at(-1)
  const troubled = useNotifications(trouble)
  const all = useNotifications({ limit: perPage, ...(from === undefined ? {} : { before: from }) })
  if (all.isError && !all.data) return <Failed what="The notifications" error={all.error} retry={() => void all.refetch()} />
  if (!all.data || !troubled.data) return <Loading />
  const { notifications, next } = all.data
  return (
    <section className="page" data-testid="notifications-page">
      <PageTitle>Notifications</PageTitle>
      <div className="page-head"><h1>Notifications</h1></div>
      {troubled.data.notifications.length > 0 && (
        <section className="block" aria-label="Not told, or not known" data-testid="notifications-trouble">
          <h2>Not told, or not known</h2>
          <NotificationTable notifications={troubled.data.notifications} />
        </section>
      )}
      <section className="block" aria-label="All">
        <h2>All, the newest first</h2>
        {notifications.length === 0 ? <Empty title="Nothing was told yet">Reporters are said in the configuration, under services.</Empty> : <NotificationTable notifications={notifications} />}
        <p>
          {before.length > 0 && <button type="button" onClick={() => setBefore(before.slice(0, -1))}>Newer</button>}
          {next !== null && <button type="button" onClick={() => setBefore([...before, next])}>Older</button>}
        </p>
      </section>
    </section>
  )
}
