import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { fileSecrets } from './secrets.js'

const folder = mkdtempSync(join(tmpdir(), 'yard-secrets-'))
writeFileSync(join(folder, 'w1'), 'from file\n')
writeFileSync(join(folder, 'two-lines'), 'a\nb\r\n')
mkdirSync(join(folder, 'folder'))
afterAll(() => rmSync(folder, { recursive: true }))

const secrets = fileSecrets(folder, { YARD_SECRET_UP_CLOUD_2: 'from environment', YARD_SECRET_W1: '' })

test.each([['w1', 'from file'], ['two-lines', 'a\nb'], ['up-cloud.2', 'from environment'], ['absent', undefined]])('%s', (name, expected) => {
  expect(secrets.get(name)).toBe(expected)
})

test.each(['../w1', '.hidden', '', 'a/b', 'a\0b'])('%j cannot be the name of a secret', name => {
  expect(() => secrets.get(name)).toThrow('a name has letters')
})

test('a secret that cannot be read is not taken for one that is not set', () => {
  expect(() => secrets.get('folder')).toThrow(`cannot read ${join(folder, 'folder')}`)
})
