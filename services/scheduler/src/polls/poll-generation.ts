import type { LoadedGeneration } from '@yardmaster/replica'

/** What a poll needs of a generation. */
export type PollGeneration = Pick<LoadedGeneration, 'id' | 'configuration'> & { threads: Pick<LoadedGeneration['threads'], 'call' | 'callPatiently'> }
