import type { FailureClass } from '@yardmaster/domain'

/** What a refusal of UpCloud asks for, by its code. */
const byCode: { readonly [code: string]: FailureClass } = {
  ...classed('retry', 'SERVER_STATE_ILLEGAL', 'STORAGE_STATE_ILLEGAL', 'STORAGE_IN_USE', 'STORAGE_ATTACHED', 'STORAGE_ATTACHED_AS_DISK', 'SERVICE_ERROR', 'RESIZE_FAILED'),
  ...classed('elsewhere', 'SERVER_RESOURCES_UNAVAILABLE', 'STORAGE_RESOURCES_UNAVAILABLE', 'IP_ADDRESS_RESOURCES_UNAVAILABLE', 'STRICT_ANTI_AFFINITY_NOT_MET', 'WINDOWS_NOT_AVAILABLE'),
  ...classed('backoff', 'SERVER_CREATING_LIMIT_REACHED', 'SERVER_CORE_LIMIT_REACHED', 'SERVER_MEMORY_LIMIT_REACHED', 'SERVER_IP_LIMIT_REACHED', 'IP_ADDRESS_LIMIT_REACHED',
    'MAXIOPS_STORAGE_LIMIT_REACHED', 'STORAGE_DEVICE_LIMIT_REACHED', 'TRIAL_PLAN'),
  ...classed('alert', 'INSUFFICIENT_CREDITS', 'AUTHENTICATION_FAILED', 'ACTION_FORBIDDEN', 'SERVER_FORBIDDEN', 'STORAGE_FORBIDDEN', 'ACCOUNT_FORBIDDEN', 'NETWORK_FORBIDDEN'),
  ...classed('configuration', 'STORAGE_NOT_FOUND', 'ZONE_NOT_FOUND', 'ZONE_INVALID', 'ZONE_MISMATCH', 'PLAN_CORE_NUMBER_ILLEGAL', 'PLAN_MEMORY_AMOUNT_ILLEGAL', 'CORE_MEMORY_UNSUPPORTED',
    'HOSTNAME_INVALID', 'SIZE_INVALID', 'TIER_INVALID', 'STORAGE_TIER_ILLEGAL', 'USER_DATA_INVALID', 'METADATA_DISABLED_ON_CLOUD-INIT', 'CAN_NOT_CREATE_PASSWORD_FOR_THE_SELECTED_DISTRIBUTION',
    'MULTIPLE_TEMPLATES', 'UNKNOWN_ATTRIBUTE', 'DUPLICATE_LABEL_KEYS', 'INVALID_LABEL_KEY', 'INVALID_LABEL_VALUE', 'NETWORK_NOT_FOUND', 'GROUP_NOT_FOUND'),
}

function classed(failureClass: FailureClass, ...codes: string[]): { [code: string]: FailureClass } {
  return Object.fromEntries(codes.map(code => [code, failureClass]))
}

const byStatus: { readonly [status: number]: FailureClass } = { 401: 'alert', 402: 'alert', 403: 'alert', 408: 'retry', 409: 'retry', 423: 'retry', 425: 'retry', 429: 'retry' }

/** Codes that the table does not know go by the form of their names, then by the status. */
export function failureClassOf(status: number, code: string | null): FailureClass {
  if (status >= 500) return 'retry'
  const known = code !== null && Object.hasOwn(byCode, code) ? byCode[code] : undefined
  if (known) return known
  if (code?.endsWith('_LIMIT_REACHED')) return 'backoff'
  if (code?.endsWith('_RESOURCES_UNAVAILABLE')) return 'elsewhere'
  return byStatus[status] ?? 'configuration'
}
