import type { Clock } from '@yardmaster/runtime'
import type { CommandOutput, Ending } from '../output.js'
import type { PipeStock } from '../pipes.js'
import type { ProcessIdentity } from '@yardmaster/runtime/processes'

/** What the worker gives to every command. `environment` is what its processes inherit. */
export type CommandHost = { basedir: string; environment: NodeJS.ProcessEnv; clock: Clock; pipes: PipeStock; pty: string | null }

/** One command's way to the world: its `output`, and `ended`, to be called exactly once, after its last output. */
export type CommandContext = CommandHost & {
  command: string
  output: CommandOutput
  spawned(process: ProcessIdentity): void
  ended(ending: Ending): void
}

export interface RunningCommand {
  /** Ends it early, in its own manner; it says so by `ended`. */
  interrupt(why: string): void
  /** Ends it at once; resolves when nothing of it runs any more. */
  kill(): Promise<void>
  /** The same in the last moment of the worker process. */
  killNow(): void
}
