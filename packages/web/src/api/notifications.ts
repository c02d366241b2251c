import type { Notification, NotificationAction, NotificationDetails, NotificationFilter } from '@yardmaster/rest'
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { UseMutationResult, UseQueryResult } from '@tanstack/react-query'
import { useLiveStatus } from '../live/live-query.js'
import { useServices } from '../services.js'
import { useTell } from '../ui/toasts.js'
import { useAgainOn } from './again-on.js'

const root = ['yard', 'notifications']
const pollEveryMs = 10_000
const gatherMs = 300

type Page = { notifications: Notification[]; next: number | null }

/** What was told, the newest first; asked for again when an event speaks of one. */
export function useNotifications(filter: NotificationFilter): UseQueryResult<Page> {
  const { yard } = useServices()
  const live = useLiveStatus() === 'live'
  const key = [...root, filter]
  useAgainOn(filter.build === undefined ? ['notifications/*/*'] : [`builds/${filter.build}/notifications/*/*`], key, gatherMs)
  return useQuery({ queryKey: key, queryFn: () => yard.notifications(filter), refetchInterval: live ? false : pollEveryMs, placeholderData: keepPreviousData })
}

/** One with its attempts, as long as somebody looks at it. */
export function useNotification(id: number, wanted: boolean): UseQueryResult<NotificationDetails> {
  const { yard } = useServices()
  const key = [...root, 'one', id]
  useAgainOn([`notifications/${id}/*`], key, gatherMs)
  return useQuery({ queryKey: key, queryFn: () => yard.notification(id), enabled: wanted })
}

/** Sends one again, or gives it up; a refusal is told. */
export function useNotificationControl(): UseMutationResult<NotificationDetails, unknown, { id: number; action: NotificationAction }> {
  const { yard } = useServices()
  const client = useQueryClient()
  const tell = useTell()
  return useMutation({
    mutationFn: ({ id, action }) => yard.controlNotification(id, action),
    onSuccess: () => client.invalidateQueries({ queryKey: root }),
    onError: (error, { id, action }) => tell.error(`notification ${id}: ${action} failed`, error),
  })
}
