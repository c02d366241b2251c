/**
 * What Buildbot 4.3 has to be read under /api/v2: of each type the fields with their types (`?`: may be null, `[]`: a list), and the paths of
 * its collections, of single ones, and of what is answered as bytes. `n:` is a number, `i:` an identifier, `s:` any text; `a|b`: either.
 */
export type Described = { plural: string; fields: string; collections?: readonly string[]; singles?: readonly string[]; raws?: readonly string[] }

export const buildbotTypes: { readonly [type: string]: Described } = {
  build_data: {
    plural: 'build_data', fields: 'buildid:integer name:string length:integer value:binary? source:string',
    collections: ['builders/n:builderid|s:buildername/builds/n:build_number/data', 'builds/n:buildid/data'],
    singles: ['builders/n:builderid|s:buildername/builds/n:build_number/data/i:name', 'builds/n:buildid/data/i:name'],
    raws: ['builders/n:builderid|s:buildername/builds/n:build_number/data/i:name/value', 'builds/n:buildid/data/i:name/value'],
  },
  builder: {
    plural: 'builders', fields: 'builderid:integer name:string masterids:integer[] description:string? description_format:string? description_html:string? projectid:integer? tags:string[]',
    collections: ['builders', 'masters/n:masterid/builders', 'projects/n:projectid/builders', 'workers/n:workerid/builders'],
    singles: ['builders/n:builderid|s:buildername', 'masters/n:masterid/builders/n:builderid'],
  },
  buildrequest: {
    plural: 'buildrequests', fields: 'buildrequestid:integer buildsetid:integer builderid:integer priority:integer claimed:boolean claimed_at:datetime? claimed_by_masterid:integer? complete:boolean results:integer? submitted_at:datetime complete_at:datetime? waited_for:boolean properties:sourcedproperties?',
    collections: ['buildrequests', 'builders/n:builderid/buildrequests'],
    singles: ['buildrequests/n:buildrequestid'],
  },
  build: {
    plural: 'builds', fields: 'buildid:integer number:integer builderid:integer buildrequestid:integer workerid:integer masterid:integer started_at:datetime complete:boolean complete_at:datetime? locks_duration_s:integer results:integer? state_string:string properties:sourcedproperties?',
    collections: [
      'builds/n:buildid/triggered_builds',
      'builds',
      'builders/n:builderid|s:buildername/builds',
      'buildrequests/n:buildrequestid/builds',
      'changes/n:changeid/builds',
      'workers/n:workerid/builds',
    ],
    singles: ['builds/n:buildid', 'builders/n:builderid|s:buildername/builds/n:build_number'],
  },
  buildset: {
    plural: 'buildsets', fields: 'bsid:integer external_idstring:string? reason:string rebuilt_buildid:integer? submitted_at:integer complete:boolean complete_at:integer? results:integer? sourcestamps:sourcestamp[] parent_buildid:integer? parent_relationship:string?',
    collections: ['buildsets'],
    singles: ['buildsets/n:bsid'],
  },
  change: {
    plural: 'changes', fields: 'changeid:integer parent_changeids:integer[] author:string committer:string files:string[] comments:string revision:string? when_timestamp:integer branch:string? category:string? revlink:string? properties:sourcedproperties repository:string project:string codebase:string sourcestamp:sourcestamp',
    collections: ['changes', 'builders/n:builderid/builds/n:build_number/changes', 'builds/n:buildid/changes', 'sourcestamps/n:ssid/changes'],
    singles: ['changes/n:changeid'],
  },
  changesource: {
    plural: 'changesources', fields: 'changesourceid:integer name:string master:master?',
    collections: ['changesources', 'masters/n:masterid/changesources'],
    singles: ['changesources/n:changesourceid', 'masters/n:masterid/changesources/n:changesourceid'],
  },
  branch: {
    plural: 'branches', fields: 'branchid:integer codebaseid:integer name:string commitid:integer last_timestamp:integer',
    collections: ['codebases/n:codebaseid/branches'],
    singles: ['branches/n:branchid'],
  },
  commit: {
    plural: 'commits', fields: 'commitid:integer codebaseid:integer author:string committer:string? comments:string when_timestamp:integer revision:string parent_commitid:integer?',
    collections: ['codebases/n:codebaseid/commits'],
    singles: ['commits/n:commitid', 'codebases/n:codebaseid/commits_by_revision/s:revision'],
  },
  commit_graph: {
    plural: 'commit_graphs', fields: 'common:integer to1:integer[] to2:integer[]',
    singles: ['codebases/n:codebaseid/commit_range/n:commitid1/n:commitid2/commits_common_parent'],
  },
  codebase: {
    plural: 'codebases', fields: 'codebaseid:integer projectid:integer name:identifier slug:identifier',
    collections: ['codebases'],
    singles: ['codebases/n:codebaseid', 'projects/n:projectid/codebases/i:codebasename'],
  },
  forcescheduler: {
    plural: 'forceschedulers', fields: 'name:identifier button_name:string label:string builder_names:identifier[] enabled:boolean all_fields:jsonobject[]',
    collections: ['forceschedulers', 'builders/:builderid/forceschedulers'],
    singles: ['forceschedulers/i:schedulername'],
  },
  logchunk: {
    plural: 'logchunks', fields: 'logid:integer firstline:integer content:string',
    singles: [
      'logchunks',
      'logs/n:logid/contents',
      'steps/n:stepid/logs/i:log_slug/contents',
      'builds/n:buildid/steps/i:step_name|n:step_number/logs/i:log_slug/contents',
      'builders/n:builderid/builds/n:build_number/steps/i:step_name|n:step_number/logs/i:log_slug/contents',
    ],
    raws: [
      'logs/n:logid/raw',
      'steps/n:stepid/logs/i:log_slug/raw',
      'builds/n:buildid/steps/i:step_name|n:step_number/logs/i:log_slug/raw',
      'builders/n:builderid/builds/n:build_number/steps/i:step_name|n:step_number/logs/i:log_slug/raw',
      'logs/n:logid/raw_inline',
      'steps/n:stepid/logs/i:log_slug/raw_inline',
      'builds/n:buildid/steps/i:step_name|n:step_number/logs/i:log_slug/raw_inline',
      'builders/n:builderid/builds/n:build_number/steps/i:step_name|n:step_number/logs/i:log_slug/raw_inline',
    ],
  },
  log: {
    plural: 'logs', fields: 'logid:integer name:string slug:identifier stepid:integer complete:boolean num_lines:integer type:identifier',
    collections: [
      'steps/n:stepid/logs',
      'builds/n:buildid/steps/i:step_name|n:step_number/logs',
      'builders/n:builderid|s:buildername/builds/n:build_number/steps/i:step_name|n:step_number/logs',
    ],
    singles: [
      'logs/n:logid',
      'steps/n:stepid/logs/i:log_slug',
      'builds/n:buildid/steps/i:step_name|n:step_number/logs/i:log_slug',
      'builders/n:builderid|s:buildername/builds/n:build_number/steps/i:step_name|n:step_number/logs/i:log_slug',
    ],
  },
  master: {
    plural: 'masters', fields: 'masterid:integer name:string active:boolean last_active:datetime',
    collections: ['masters', 'builders/n:builderid/masters'],
    singles: ['masters/n:masterid', 'builders/n:builderid/masters/n:masterid'],
  },
  project: {
    plural: 'projects', fields: 'projectid:integer name:identifier slug:identifier active:boolean? description:string? description_format:string? description_html:string?',
    collections: ['projects'],
    singles: ['projects/n:projectid|i:projectname'],
  },
  property: {
    plural: 'properties', fields: '',
    singles: ['buildsets/n:bsid/properties', 'builders/n:builderid/builds/n:build_number/properties', 'builds/n:buildid/properties'],
  },
  _property: {
    plural: '_properties', fields: 'name:string source:string value:jsonobject',
    collections: ['builds/n:buildid/property_list', 'buildsets/n:bsid/properties_list', 'changes/n:changeid/properties_list'],
  },
  rootlink: {
    plural: 'rootlinks', fields: 'name:string',
    collections: [''],
  },
  spec: {
    plural: 'specs', fields: 'path:string type:string plural:string type_spec:jsonobject',
    collections: ['application.spec'],
  },
  scheduler: {
    plural: 'schedulers', fields: 'schedulerid:integer name:string enabled:boolean master:master?',
    collections: ['schedulers', 'masters/n:masterid/schedulers'],
    singles: ['schedulers/n:schedulerid', 'masters/n:masterid/schedulers/n:schedulerid'],
  },
  sourcestamp: {
    plural: 'sourcestamps', fields: 'ssid:integer revision:string? branch:string? repository:string project:string codebase:string patch:patch? created_at:datetime',
    collections: ['sourcestamps', 'buildsets/:buildsetid/sourcestamps'],
    singles: ['sourcestamps/n:ssid'],
  },
  step: {
    plural: 'steps', fields: 'stepid:integer number:integer name:identifier buildid:integer started_at:datetime? locks_acquired_at:datetime? complete:boolean complete_at:datetime? results:integer? state_string:string urls:Url[] hidden:boolean',
    collections: ['builds/n:buildid/steps', 'builders/n:builderid|s:buildername/builds/n:build_number/steps'],
    singles: [
      'steps/n:stepid',
      'builds/n:buildid/steps/i:step_name|n:step_number',
      'builders/n:builderid|s:buildername/builds/n:build_number/steps/i:step_name|n:step_number',
    ],
  },
  test_result_set: {
    plural: 'test_result_sets', fields: 'test_result_setid:integer builderid:integer buildid:integer stepid:integer description:string? category:string value_unit:string tests_passed:integer? tests_failed:integer? complete:boolean',
    collections: [
      'test_result_sets',
      'builders/n:builderid|s:buildername/test_result_sets',
      'builds/n:buildid/test_result_sets',
      'steps/n:stepid/test_result_sets',
      'codebases/n:codebaseid/commit_range/n:commitid1/n:commitid2/test_result_sets',
    ],
    singles: ['test_result_sets/n:test_result_setid'],
  },
  test_result: {
    plural: 'test_results', fields: 'test_resultid:integer builderid:integer test_result_setid:integer test_name:string? test_code_path:string? line:integer? duration_ns:integer? value:string',
    collections: ['test_result_sets/n:test_result_setid/results'],
  },
  worker: {
    plural: 'workers', fields: 'workerid:integer name:string connected_to:master_id[] configured_on:master_builder[] workerinfo:jsonobject paused:boolean pause_reason:string? graceful:boolean',
    collections: ['workers', 'masters/n:masterid/workers', 'masters/n:masterid/builders/n:builderid/workers', 'builders/n:builderid/workers'],
    singles: [
      'workers/n:workerid|i:name',
      'masters/n:masterid/workers/n:workerid|i:name',
      'masters/n:masterid/builders/n:builderid/workers/n:workerid|i:name',
      'builders/n:builderid/workers/n:workerid|i:name',
    ],
  },
}

/** All paths that `a|b` stands for. */
export function alternatives(path: string): string[] {
  return path.split('/').reduce<string[]>((begun, part) => begun.flatMap(front => part.split('|').map(form => (front === '' ? form : `${front}/${form}`))), [''])
}
