import { z } from 'zod'

const epochSeconds = z.number()

/** A file that a step has uploaded, as `/api/yard/v1/builds/:build/artifacts` tells it. Times are epoch seconds. */
export const artifactSchema = z.object({
  id: z.number(),
  buildid: z.number(),
  /** A relative path. */
  name: z.string(),
  /** Bytes. */
  size: z.number(),
  /** Of its content, in hex. */
  sha256: z.string(),
  /** Of the step that uploaded it. */
  step: z.object({ number: z.number(), name: z.string() }),
  uploadedAt: epochSeconds,
  /** When it is deleted; null: with its build. */
  expiresAt: epochSeconds.nullable(),
  /** Where it is downloaded. */
  url: z.string(),
})
export type Artifact = z.infer<typeof artifactSchema>

export const artifactsAnswer = z.object({ artifacts: z.array(artifactSchema) })
