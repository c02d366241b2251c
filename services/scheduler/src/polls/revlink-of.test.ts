import { expect, test } from 'vitest'
import { revlinkOf } from './revlink-of.js'

test.each([
  ['https://github.com/a/b.git', 'https://github.com/a/b/commit/r1'],
  ['https://user:token@github.com/a/b', 'https://github.com/a/b/commit/r1'],
  ['git@github.com:a/b.git', 'https://github.com/a/b/commit/r1'],
  ['ssh://git@gitlab.com:22/g/s/p.git/', 'https://gitlab.com/g/s/p/-/commit/r1'],
  ['https://bitbucket.org/a/b', 'https://bitbucket.org/a/b/commits/r1'],
  ['https://git.example.org/a/b.git', null],
  ['https://example.org/github.com/a/b', null],
  ['/home/ann/github.com/a', null],
  ['https://constructor/a/b', null],
])('%s', (repository, link) => {
  expect(revlinkOf(repository, 'r1')).toBe(link)
})
