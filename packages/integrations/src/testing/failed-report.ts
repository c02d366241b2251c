import { FAILURE, SUCCESS } from '@yardmaster/domain'
import type { Properties, Report, ReportedBuild, ReportedStep } from '@yardmaster/domain'

const failedStep = (step: Partial<ReportedStep> = {}): ReportedStep => ({ stepid: 71, number: 1, name: 'test', state_string: "'make test' (failure)", started_at: 1_000, complete_at: 1_060, results: FAILURE, urls: [], logs: [{ logid: 81, name: 'stdio', slug: 'stdio', type: 's', num_lines: 3, url: 'https://yard.example.org/#/builders/3/builds/12/steps/1/logs/stdio' }], ...step })

export const failedBuild = (build: Partial<ReportedBuild> = {}): ReportedBuild => {
  const properties: Properties = { got_revision: ['3f2a91c0', 'Git'], workername: ['w1', 'Worker'] }
  const first = failedStep({ stepid: 70, number: 0, name: 'git', state_string: 'update', results: SUCCESS, logs: [] })
  return { buildid: 900, number: 12, builderid: 3, buildrequestid: 500, workerid: 4, worker: 'w1', started_at: 1_000, complete_at: 1_060, complete: true, results: FAILURE, state_string: 'failed test (failure)', url: 'https://yard.example.org/#/builders/3/builds/12', properties, steps: [first, failedStep()], ...build }
}

/** The end of a failed build of one change of Anna's, said otherwise by `report`. */
export const failedReport = (report: Partial<Report> = {}): Report => ({
  event: 'finished', at: 1_060, title: 'Hello', titleURL: 'https://yard.example.org/',
  builder: { builderid: 3, name: 'linux', tags: ['unix'], project: null, description: null, url: 'https://yard.example.org/#/builders/3' },
  request: { buildrequestid: 500, priority: 0, submitted_at: 990, waited_for: false, results: FAILURE, complete: true, url: 'https://yard.example.org/#/buildrequests/500' },
  build: failedBuild(),
  previous: { buildid: 899, number: 11, results: SUCCESS, complete_at: 900, url: 'https://yard.example.org/#/builders/3/builds/11' },
  buildset: { bsid: 60, reason: 'The SingleBranchScheduler scheduler named main triggered this build', scheduler: 'main', submitted_at: 990, complete_at: 1_060, results: FAILURE, external_idstring: null },
  builds: [],
  sourcestamps: [{
    codebase: '', repository: 'https://git.example.org/hello.git', project: 'hello', branch: 'main', revision: '3f2a91c0', patch: null,
    changes: [{ author: 'Anna <anna@example.org>', comments: 'Fix *it*\nproperly', files: ['a.c'], revision: '3f2a91c0', revlink: 'https://git.example.org/hello/3f2a91c0', when: 980, project: 'hello', codebase: '', repository: 'https://git.example.org/hello.git', category: null, branch: 'main', properties: {} }],
  }],
  properties: { got_revision: ['3f2a91c0', 'Git'] },
  owners: ['Anna <anna@example.org>'], logs: {}, tails: {}, worker: null, pool: null, ...report,
})
