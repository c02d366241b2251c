/** The environment variable that marks every process of a command, whatever its session and parent. */
export const MARKER = 'YARD_COMMAND'

/** A process that cannot be mistaken for a later one with the same pid: when it started, and (where that counts from the boot) in which boot. */
export type ProcessIdentity = { pid: number; startTicks: string; boot: string }

export type ProcessEntry = { pid: number; parent: number; group: number; session: number | null; zombie: boolean }

/** What must be known of the machine's processes; each system has its own way to tell. */
export type Processes = {
  list(): ProcessEntry[]
  /** Pids of those that carry the mark of the command, as far as we may see into them. */
  marked(command: string, among: readonly ProcessEntry[]): number[]
  /** Null when there is no such process, or no way to tell. */
  identify(pid: number): ProcessIdentity | null
}
