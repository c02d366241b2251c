/** What all commands together may keep unacknowledged: at the bound none of their pipes is read any more. */
export class SharedRoom {
  readonly #memoryLimit: number
  readonly #totalLimit: number
  #inMemory = 0
  #total = 0
  #waiting: (() => void)[] = []

  constructor({ memoryBytes, totalBytes }: { memoryBytes: number; totalBytes: number }) {
    this.#memoryLimit = memoryBytes
    this.#totalLimit = totalBytes
  }

  get full(): boolean {
    return this.#total >= this.#totalLimit
  }

  get memoryFull(): boolean {
    return this.#inMemory > this.#memoryLimit
  }

  take(bytes: number): void {
    this.#total += bytes
    this.#inMemory += bytes
  }

  movedToDisk(bytes: number): void {
    this.#inMemory -= bytes
  }

  give(bytes: number, where: 'memory' | 'disk'): void {
    this.#total -= bytes
    if (where === 'memory') this.#inMemory -= bytes
    if (this.#total < this.#totalLimit * 0.75) for (const go of this.#waiting.splice(0)) go()
  }

  /** Resolves when it is worth filling it again. */
  room(): Promise<void> {
    return this.full ? new Promise(resolve => this.#waiting.push(resolve)) : Promise.resolve()
  }
}

/** 64 MiB in memory and 512 MiB with the disk. */
export const SHARED_LIMITS = { memoryBytes: 64 * 1024 * 1024, totalBytes: 512 * 1024 * 1024 }
