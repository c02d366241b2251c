import type { Json } from './json.js'
import { mergeProperties, propertiesFrom, type Properties } from './properties.js'
import type { SourceStampData } from './source-stamp.js'

/** What builder, project and source stamps say of a build, wherever it runs. */
export type BuilderSaying = { name: string; id: number; project: string | null; projectId?: number | null; properties: { [name: string]: Json } }

export function builderProperties({ name, id, project, projectId = null, properties }: BuilderSaying): Properties {
  const projectSaid: { [name: string]: Json } = project === null ? {} : { projectname: project, projectid: projectId }
  return propertiesFrom({ buildername: name, builderid: id, ...projectSaid, ...properties }, 'Builder')
}

/** Of several codebases none is the build's own. */
export function sourceProperties(sourcestamps: readonly SourceStampData[]): Properties {
  const [source, ...others] = sourcestamps
  if (!source || others.length > 0) return {}
  const { branch, revision, repository, codebase, project } = source
  return propertiesFrom({ branch, revision, repository, codebase, project }, 'Build')
}

/** What is known of a request's build before a worker is chosen: all but what the worker says, as Buildbot's reports of requests have it. */
export function propertiesBeforeBuild({ asked, builder, defaults, sourcestamps }: {
  asked: Properties
  builder: BuilderSaying
  defaults: { [name: string]: Json }
  sourcestamps: readonly SourceStampData[]
}): Properties {
  return mergeProperties(propertiesFrom(defaults, 'Builder'), asked, builderProperties(builder), sourceProperties(sourcestamps))
}
