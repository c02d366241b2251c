import { routes, type AuditRecord, type Token, type TokenBody } from '@yardmaster/rest'
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { UseMutationResult, UseQueryResult } from '@tanstack/react-query'
import { useServices } from '../services.js'
import { useTell } from '../ui/toasts.js'

const root = ['yard', 'tokens']
/** They change elsewhere without an event. */
const everyMs = 15_000

/** The own ones, or those of everybody. */
export function useTokens(all: boolean): UseQueryResult<Token[]> {
  const { yard } = useServices()
  return useQuery({ queryKey: [...root, all], queryFn: async () => (await yard.call(routes.tokens.list, { query: { all } })).tokens, refetchInterval: everyMs, placeholderData: keepPreviousData })
}

export function useCreateToken(): UseMutationResult<{ token: Token; secret: string }, unknown, TokenBody> {
  const { yard } = useServices()
  const client = useQueryClient()
  const tell = useTell()
  return useMutation({
    mutationFn: body => yard.call(routes.tokens.create, { body }),
    onSuccess: () => client.invalidateQueries({ queryKey: root }),
    onError: error => tell.error('The token was not made', error),
  })
}

export function useRevokeToken(): UseMutationResult<unknown, unknown, Token> {
  const { yard } = useServices()
  const client = useQueryClient()
  const tell = useTell()
  return useMutation({
    mutationFn: ({ id }) => yard.call(routes.tokens.revoke, { params: { token: id } }),
    onSettled: () => client.invalidateQueries({ queryKey: root }),
    onError: (error, { name }) => tell.error(`The token ${name} was not revoked`, error),
  })
}

export type AuditFilter = { actor?: string; action?: string; outcome?: 'done' | 'refused'; before?: number }

export function useAudit(filter: AuditFilter): UseQueryResult<{ actions: AuditRecord[]; next: number | null }> {
  const { yard } = useServices()
  return useQuery({ queryKey: ['yard', 'audit', filter], queryFn: () => yard.call(routes.audit.list, { query: { ...filter, limit: 100 } }), refetchInterval: everyMs, placeholderData: keepPreviousData })
}
