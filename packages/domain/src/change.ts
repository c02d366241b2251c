import type { Properties } from './properties.js'

/** A change as filters, fileIsImportant and hooks see it. */
export type ChangeData = {
  id?: number
  author: string
  committer?: string | null
  comments: string
  files: string[]
  revision: string | null
  revlink?: string | null
  /** Epoch seconds, as Buildbot tells it. */
  when: number
  project: string
  codebase: string
  repository: string
  category: string | null
  branch: string | null
  properties: Properties
}
