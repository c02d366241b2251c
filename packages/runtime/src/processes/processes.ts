/** A process that cannot be mistaken for a later one with the same pid: when it started, and (where that counts from the boot) in which boot. */
export type ProcessIdentity = { pid: number; startTicks: string; boot: string }

export type ProcessEntry = { pid: number; parent: number; group: number; session: number | null; zombie: boolean }

/** An environment variable that processes inherit: by it they are known, whatever their session and parent. Without spaces. */
export type Mark = { name: string; value: string }

/** What must be known of the machine's processes; each system has its own way to tell. */
export type Processes = {
  list(): ProcessEntry[]
  /** What those that carry the variable have in it, by pid, as far as we may see into them. */
  marks(name: string, among: readonly ProcessEntry[]): Map<number, string>
  /** Null when there is no such process, or no way to tell. */
  identify(pid: number): ProcessIdentity | null
}
