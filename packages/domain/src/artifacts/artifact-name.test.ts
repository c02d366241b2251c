import { expect, test } from 'vitest'
import { artifactNameProblem, artifactPath } from './artifact-name.js'

test.each(['../up', '/abs', 'a//b', 'a\\b', '.', 'a/./b', '', 'a/', 'a\nb', 'x'.repeat(1025)])('%j is no name of an artifact', name => expect(artifactNameProblem(name)).not.toBeNull())
test.each(['a', 'a/b.tar.gz', '...', 'ä ö', '-', 'x'.repeat(1024)])('%j is one', name => expect(artifactNameProblem(name)).toBeNull())

test('its address keeps the folders, and nothing in a name can lead out of it', () => {
  expect(artifactPath(7, 'reports/50% & more?.xml')).toBe('api/yard/v1/builds/7/artifacts/reports/50%25%20%26%20more%3F.xml')
})
