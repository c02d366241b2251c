import type { Transaction } from '../transaction.js'

/** Ends a token at once. Returns false when it works no more already. */
export async function revokeToken(tx: Transaction, { tokenId, actor }: { tokenId: number; actor: string }): Promise<boolean> {
  return await tx.execute('UPDATE api_tokens SET revoked_at = now(), revoked_by = $2 WHERE id = $1 AND revoked_at IS NULL AND expires_at > now()', [tokenId, actor]) > 0
}
