/** The value that a share `p` (0 to 1) of the values does not exceed, by nearest rank; NaN of none. */
export function percentile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)] ?? Number.NaN
}

/** `p50 / p99` and the like, in the unit of the values. */
export function percentiles(values: readonly number[], shares: readonly number[], digits = 1): string {
  return shares.map(share => percentile(values, share).toFixed(digits)).join(' / ')
}
