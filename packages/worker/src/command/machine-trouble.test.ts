import { expect, test } from 'vitest'
import { isMachineTrouble } from './machine-trouble.js'

const error = (code: string) => Object.assign(new Error(code), { code })

test.each([
  ['ENOSPC', true, true], ['EROFS', true, true], ['EAGAIN', true, true], ['EMFILE', true, true],
  // What a command asks for and cannot have is its own affair; that the worker's folders cannot be had is the machine's.
  ['ENOENT', false, true], ['EACCES', false, true],
  // A build left a file where another wants a folder.
  ['ENOTDIR', false, false], ['EEXIST', false, false], ['E2BIG', false, false],
])('%s: the machine\'s anywhere %s, in its own folders %s', (code, anywhere, own) => {
  expect([isMachineTrouble(error(code), 'anywhere'), isMachineTrouble(error(code), 'own folder')]).toEqual([anywhere, own])
})

test('what has no code is no trouble of the machine', () => {
  expect(isMachineTrouble(new Error('x'), 'own folder')).toBe(false)
})
