import type { Random } from '@yardmaster/runtime'

/** The same seed gives the same chances, and the same uuids. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  // mulberry32
  const float = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const uuid = () => 'xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx'.replaceAll('x', () => Math.floor(float() * 16).toString(16))
  const bytes = (count: number) => Buffer.from(Array.from({ length: count }, () => Math.floor(float() * 256)))
  return { float, uuid, bytes }
}

/** UpCloud's uuids tell what they are by their first two digits. */
export const kindPrefixes = { server: '00', storage: '01', network: '03', router: '04', import: '07', group: '0b', token: '0c' } as const

export const uuidOf = (kind: keyof typeof kindPrefixes, random: Random) => kindPrefixes[kind] + random.uuid().slice(2)

export function pick<T>(items: readonly T[], random: Random): T {
  const item = items[Math.floor(random.float() * items.length)]
  if (item === undefined) throw new RangeError('there is nothing to pick from')
  return item
}

export const randomInteger = (from: number, below: number, random: Random) => from + Math.floor(random.float() * (below - from))

export const randomText = (length: number, alphabet: string, random: Random) => Array.from({ length }, () => alphabet.charAt(randomInteger(0, alphabet.length, random))).join('')
