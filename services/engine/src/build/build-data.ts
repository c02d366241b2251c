import type { BuildRef, LineRange } from '@yardmaster/db'
import type { BuilderConfig, Json, Properties, Result, SourceStampData } from '@yardmaster/domain'
import type { LoadedGeneration } from '@yardmaster/replica'

/** An effect of a step as the journal has it. */
export type JournalEntry = { n: number; kind: string; fingerprint: string; seq: number; firstLine: number; processId: string | null; ranges: LineRange[] | null; ended: boolean; position: number; outcome: Json }

export type LogData = { id: number; name: string; slug: string; numLines: number; complete: boolean }

/** A step of a build as its rows have it: of a new build, nothing but id and number. */
export type StepData = { id: number; number: number; results: Result | null; startedAt: boolean; urls: { name: string; url: string }[]; logs: LogData[]; journal: JournalEntry[] }

/** All that driving a build needs. */
export type BuildData = {
  ref: BuildRef
  requestId: number
  reason: string
  generation: LoadedGeneration
  builder: BuilderConfig
  properties: Properties
  sourcestamps: { [codebase: string]: SourceStampData }
  steps: StepData[]
  stopReason: string | null
}

/** The builder as the build's generation has it, by key, which outlives renames. Undefined when that generation does not know it. */
export function builderOf(generation: LoadedGeneration, key: string): BuilderConfig | undefined {
  return generation.configuration.builders.find(builder => builder.key === key)
}
