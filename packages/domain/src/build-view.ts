import type { Json } from './json.js'
import type { Properties } from './properties.js'
import type { SourceStampData } from './source-stamp.js'

/** What a user's function may know of the build that it is asked for. */
export type BuildInfo = {
  id: number
  number: number
  builder: string
  worker: string
  buildset: number
  buildrequest: number
  reason: string
}

/** The data that renderers, doStepIf and custom steps are called with. */
export type BuildView = {
  properties: Properties
  sourcestamps: { [codebase: string]: SourceStampData }
  build: BuildInfo
}

/**
 * How a user's function is called: with `args`, then, if there is a view, with the RenderInput made of it. A renderer and doStepIf
 * get { view }, hideStepIf { args: [result], view }, fileIsImportant { args: [change] }, a filter's function { args: [value or change] },
 * extract { args: [rc, stdout, stderr] }. With `deadlineMs` a signal comes second, which aborts after so long; with `context` too, a record of its data, the signal, and
 * a function for each of its `asks`, which whoever calls answers.
 */
export type FunctionInput = {
  args?: Json[]
  view?: BuildView
  deadlineMs?: number
  context?: { data: { [name: string]: Json }; asks: string[] }
  /** Called for each of these, as the first argument; the answer is a list. */
  each?: Json[]
}
