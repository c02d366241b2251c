import { z } from 'zod'
import { countsPath } from '../../events.js'
import { installationCounts, listedBuildersAnswer, listedBuildsAnswer, listedChangesAnswer, listedRequestsAnswer, searchAnswer } from '../lists.js'
import { flag, limit, moment, route, searched, wholeNumber } from '../route.js'

const windows = 'The newest first. A page may have fewer than `limit`, even none, and yet a `next`: each looks at so many rows and no more, however rare what is looked for.'
const words = {
  project: searched.describe('Only those of this project.'), branch: searched.describe('Only those of this branch.'), revision: searched.describe('Only those of a revision that begins so.'),
  repository: searched.describe('Only those of this repository.'), from: moment.describe('Only those since then (epoch seconds).'), to: moment.describe('Only those before then (epoch seconds).'), before: wholeNumber, limit,
  results: z.array(wholeNumber.min(0).max(6)).describe("Only those with one of these results, in Buildbot's numbers: 0 success, 1 warnings, 2 failure, 3 skipped, 4 exception, 5 retry, 6 cancelled."),
}
const { project, branch, revision, repository, from, to, before, results } = words

export const listRoutes = {
  builds: route({
    name: 'listBuilds', path: '/builds', tag: 'builds', summary: 'Builds', description: windows, answer: listedBuildsAnswer,
    query: z.strictObject({
      builder: searched, worker: searched, project, branch, revision, results, owner: searched.describe('Only those with this property `owner`, or this among their `owners`.'),
      state: z.enum(['running', 'finished']).describe('Only those that run, or only those that have ended.'), from, to, before, limit,
    }).partial(),
  }),
  buildrequests: route({
    name: 'listRequests', path: '/buildrequests', tag: 'builds', summary: 'Build requests', description: windows, answer: listedRequestsAnswer,
    query: z.strictObject({ builder: searched, project, branch, revision, results, state: z.array(z.enum(['pending', 'claimed', 'complete'])), from, to, before, limit }).partial(),
  }),
  changes: route({
    name: 'listChanges', path: '/changes', tag: 'changes', summary: 'Changes', description: windows, answer: listedChangesAnswer,
    query: z.strictObject({ author: searched.describe('Only those whose author begins so.'), branch, revision, repository, project, from, to, before, limit }).partial(),
  }),
  builders: route({
    name: 'listBuilders', path: '/builders', tag: 'builders', summary: 'Builders, with how they are', description: 'By name; without `all` only those that a configuration names.', answer: listedBuildersAnswer,
    query: z.strictObject({ name: searched.describe('Only those that have this in their names.'), tag: searched.describe('Only those with this tag.'), project, all: flag, before: searched.regex(/^\d{1,15} /, 'expected the `next` of a page'), limit }).partial(),
  }),
  counts: route({
    name: 'showCounts', path: '/counts', tag: 'builds', summary: 'How many builds run, and how many build requests wait', answer: installationCounts,
    description: `Told live under the path \`${countsPath}\`, to who begins to listen at once, and then whenever they are others, at most once a second.`,
  }),
  search: route({
    name: 'search', path: '/search', tag: 'builds', summary: 'Finds builders, workers, builds, build requests and changes', answer: searchAnswer,
    description: 'By what people type: a name or a part of it, `builder #45`, `#4711`, the beginning of a revision (four characters or more), of a branch or of an author.',
    query: z.strictObject({ q: searched.min(1).max(200).describe('What is looked for.'), limit: wholeNumber.min(1).max(50).optional().describe('How many of each kind at most; 5 unless it is said.') }),
  }),
}
