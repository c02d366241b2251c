import { expect, test } from 'vitest'
import { propertiesBeforeBuild } from './properties-before-build.js'

const stamp = { codebase: '', repository: 'r', project: 'p', branch: 'main', revision: 'abc' }

test('a request knows its builder and its source, and what was asked for wins over defaults only', () => {
  const properties = propertiesBeforeBuild({
    asked: { owner: ['me', 'Force'], level: [1, 'Force'], set: ['asked', 'Force'] }, defaults: { level: 0, other: 2 },
    builder: { name: 'b', id: 3, project: 'site', projectId: 4, properties: { set: 'builder' } }, sourcestamps: [stamp],
  })
  expect(Object.fromEntries(Object.entries(properties).map(([name, [value]]) => [name, value]))).toEqual({
    level: 1, other: 2, owner: 'me', set: 'builder', buildername: 'b', builderid: 3, projectname: 'site', projectid: 4, branch: 'main', revision: 'abc', repository: 'r', codebase: '', project: 'p',
  })
})

test('of several codebases none is the build\'s own', () => {
  const { branch } = propertiesBeforeBuild({ asked: {}, defaults: {}, builder: { name: 'b', id: 3, project: null, properties: {} }, sourcestamps: [stamp, { ...stamp, codebase: 'x' }] })
  expect(branch).toBeUndefined()
})
