import type { ReactElement } from 'react'
import { useNotifications } from '../../api/notifications.js'
import { NotificationTable } from '../../ui/notification-table.js'
import { Empty, Failed, Loading } from '../../ui/states.js'

const most = 500

/** Who was told of this build. */
export function Told({ buildid }: { buildid: number }): ReactElement {
  const found = useNotifications({ build: buildid, limit: most })
  if (found.isError && !found.data) return <Failed what="Who was told" error={found.error} retry={() => void found.refetch()} />
  if (!found.data) return <Loading />
  const { notifications } = found.data
  return notifications.length === 0 ? <Empty title="Nobody was told of this build">No reporter of the configuration asked for it.</Empty> : <NotificationTable notifications={notifications} />
}
