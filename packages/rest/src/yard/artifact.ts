import { z } from 'zod'

const artifactSchema = z.object({
  id: z.number(),
  buildid: z.number(),
  name: z.string().describe('A relative path.'),
  size: z.number().describe('Bytes.'),
  sha256: z.string().describe('Of its content, in hex.'),
  step: z.object({ number: z.number(), name: z.string() }).describe('The one that uploaded it.'),
  uploadedAt: z.number(),
  expiresAt: z.number().nullable().describe('When it is deleted; null: with its build.'),
  url: z.string().describe('Where it is downloaded.'),
}).meta({ id: 'Artifact', description: 'A file that a step of a build has uploaded.' })
export type Artifact = z.infer<typeof artifactSchema>

export const artifactsAnswer = z.object({ artifacts: z.array(artifactSchema) })
