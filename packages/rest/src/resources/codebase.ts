import { identifier, integer, list, nullable, text } from '../field.js'
import { resourceType } from '../resource-type.js'

export const codebases = resourceType('codebase', 'codebases', { codebaseid: integer, projectid: integer, name: identifier(70), slug: identifier(70) })

export const branches = resourceType('branch', 'branches', { branchid: integer, codebaseid: integer, name: text, commitid: integer, last_timestamp: integer })

export const commits = resourceType('commit', 'commits', {
  commitid: integer,
  codebaseid: integer,
  author: text,
  committer: nullable(text),
  comments: text,
  when_timestamp: integer,
  revision: text,
  parent_commitid: nullable(integer),
})

export const commitGraphs = resourceType('commit_graph', 'commit_graphs', { common: integer, to1: list(integer), to2: list(integer) })
