const unitSeconds: { readonly [unit: string]: number } = { d: 86_400, h: 3_600, m: 60, s: 1 }

/** Seconds of a duration as the configuration language writes it: 90, '90s', '1m30s', '1.5h'; undefined if it is none. */
export function parseDuration(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) && value >= 0 ? value : undefined
  if (typeof value !== 'string' || !/^(?:\d+(?:\.\d+)?[dhms])+$/.test(value)) return undefined
  let seconds = 0
  for (const [, amount, unit] of value.matchAll(/(\d+(?:\.\d+)?)([dhms])/g)) seconds += Number(amount) * (unitSeconds[unit ?? ''] ?? 0)
  return seconds
}
