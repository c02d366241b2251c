import type { Json } from '@yardmaster/domain'
import { useMutation } from '@tanstack/react-query'
import type { UseMutationResult } from '@tanstack/react-query'
import { useServices } from '../services.js'
import { useTell } from '../ui/toasts.js'

type Control = { path: string; method: string; params?: { [name: string]: Json } }

/** One control action; a refusal is told with `failure` before it. What it changes comes back as an event. */
export function useControl(failure: string): UseMutationResult<Json, unknown, Control> {
  const { api } = useServices()
  const tell = useTell()
  return useMutation({
    mutationFn: ({ path, method, params }: Control) => api.control(path, method, params),
    onError: error => tell.error(failure, error),
  })
}
