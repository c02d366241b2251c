import { expect, test } from 'vitest'
import { repositoryKey } from './repository-key.js'

test.each([
  ['github.com/o/hello', ['https://github.com/o/hello', 'https://github.com/O/Hello.git', 'git@github.com:o/hello.git', 'ssh://git@github.com/o/hello.git/', 'ssh://git@github.com:22/o/hello',
    'https://token:x@github.com/o/hello.git', 'git://github.com/o/hello.git', 'GIT@GitHub.com:/o/hello']],
  ['gitlab.example.org/g/s/p', ['https://gitlab.example.org:8443/g/s/p.git', 'git@gitlab.example.org:g/s/p.git']],
  ['bitbucket.org/o/r', ['https://bitbucket.org/o/r', 'https://api.bitbucket.org/2.0/repositories/o/r', 'git@bitbucket.org:o/r.git']],
  ['git.example.org/proj/r', ['https://git.example.org/scm/PROJ/r.git', 'ssh://git@git.example.org:7999/proj/r.git', 'https://git.example.org/projects/PROJ/repos/r/browse']],
  ['/srv/git/Hello', ['/srv/git/Hello.git', '/srv/git/Hello/', 'file:///srv/git/Hello.git', '/srv/git/Hello/.git']],
])('%s', (key, addresses) => {
  expect(addresses.map(repositoryKey)).toEqual(addresses.map(() => key))
})
