/** Chance that is a pure function of its seed (mulberry32). */
export type Rng = { below(n: number): number; between(from: number, to: number): number; pick<T>(from: readonly T[]): T }

export function rngOf(seed: number): Rng {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (n: number) => Math.floor(next() * n)
  return { below, between: (from, to) => from + below(to - from + 1), pick: from => from[below(from.length)]! }
}
