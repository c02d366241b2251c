/** Fetches lines [offset, offset + limit) of a log, without their ends of line. May answer fewer. */
export type FetchLines = (offset: number, limit: number) => Promise<string[]>

const blockSize = 500
/** About 20,000 lines are kept: several screens both ways, however long the log. */
const mostBlocks = 40

/**
 * The window of a log that somebody looks at. Lines are fetched in blocks, each at most once at a time; the last block of a
 * growing log is fetched again from where it ended.
 */
export class LogBuffer {
  /** Changes with every new line: what useSyncExternalStore compares. */
  version = 0
  /** Why the last fetch failed; cleared by the next that succeeds. */
  error: unknown = null
  private total = 0
  private first = 0
  private last = 0
  private readonly blocks = new Map<number, string[]>()
  private readonly fetching = new Set<number>()
  private readonly listeners = new Set<() => void>()

  constructor(private readonly fetchLines: FetchLines) {}

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  line(index: number): string | undefined {
    return this.blocks.get(Math.floor(index / blockSize))?.[index % blockSize]
  }

  /** The log has `total` lines, and [first, last) of them are looked at. */
  want(first: number, last: number, total: number): void {
    if (total > this.total) this.error = null
    this.total = Math.max(total, this.total)
    this.first = first
    this.last = Math.min(last, this.total)
    this.fill()
  }

  /** Tries again what failed. */
  retry(): void {
    this.error = null
    this.fill()
  }

  private fill(): void {
    if (this.error !== null) return
    for (let block = Math.floor(this.first / blockSize); block * blockSize < this.last; block++) {
      const lines = this.blocks.get(block) ?? []
      this.touch(block, lines)
      const wanted = Math.min(blockSize, this.total - block * blockSize)
      if (lines.length < wanted && !this.fetching.has(block)) void this.fetchRest(block, lines, wanted)
    }
    this.evict()
  }

  private async fetchRest(block: number, lines: string[], wanted: number): Promise<void> {
    this.fetching.add(block)
    try {
      const more = await this.fetchLines(block * blockSize + lines.length, wanted - lines.length)
      if (more.length === 0) throw new Error(`the server has no line ${block * blockSize + lines.length + 1} of this log, although it counts ${this.total}`)
      this.blocks.set(block, [...lines, ...more.slice(0, wanted - lines.length)])
      this.error = null
    } catch (error) {
      this.error = error
    }
    this.fetching.delete(block)
    this.version++
    for (const listener of this.listeners) listener()
    this.fill()
  }

  /** A Map keeps the order of insertion: the least recently looked at is first. */
  private touch(block: number, lines: string[]): void {
    this.blocks.delete(block)
    this.blocks.set(block, lines)
  }

  private evict(): void {
    for (const block of this.blocks.keys()) {
      if (this.blocks.size <= mostBlocks) return
      if (!this.fetching.has(block)) this.blocks.delete(block)
    }
  }
}

/** The lines of log chunks as REST answers them, from `offset` on: chunks may begin earlier. */
export function linesOfChunks(chunks: readonly { firstline: number; content: string }[], offset: number): string[] {
  return chunks.flatMap(({ firstline, content }) => {
    const text = content.endsWith('\n') ? content.slice(0, -1) : content
    return text.split('\n').slice(Math.max(0, offset - firstline))
  })
}
