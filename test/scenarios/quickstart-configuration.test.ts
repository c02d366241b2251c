import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkConfiguration, formatProblems } from '@yardmaster/config/host'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import * as scripts from '../../deploy/quickstart/scripts.js'
import { systemClock } from '@yardmaster/runtime'

const file = join(import.meta.dirname, '../../deploy/quickstart/yard.config.ts')
let folder: string

beforeEach(() => { folder = realpathSync(mkdtempSync(join(tmpdir(), 'yardmaster-quickstart-'))) })
afterEach(() => {
  delete process.env['YARD_QUICKSTART_REPOSITORY']
  rmSync(folder, { recursive: true, force: true })
})

const git = (...args: string[]) => execFileSync('git', args, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] })

describe('the quickstart configuration', () => {
  test('watches the repository that it is started in, and says so plainly when there is none', async () => {
    process.env['YARD_QUICKSTART_REPOSITORY'] = folder
    const without = await checkConfiguration(file, systemClock().setTimeout)
    expect(without.ok ? '' : formatProblems(without.errors)).toContain(`but ${folder} is in none`)
    git('init', '--quiet')
    const checked = await checkConfiguration(file, systemClock().setTimeout)
    expect(checked).toMatchObject({ ok: true, configuration: { changeSources: [{ repository: folder, branches: true, pollInterval: 2 }], builders: [{ name: 'quickstart', collapseRequests: false }] } })
  })
})

describe('its scripts', () => {
  const run = (script: string) => spawnSync('sh', ['-c', script], { cwd: folder, encoding: 'utf8' })
  const add = (files: { [name: string]: string }) => {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content)
    git('add', '--all')
  }
  beforeEach(() => { git('init', '--quiet') })

  test.each(Object.entries(scripts))('%s has nothing to say against an empty repository', (_, script) => {
    expect(run(script)).toMatchObject({ status: 0, stderr: '' })
  })

  test('tell what is there', () => {
    add({ 'a.ts': '1\n', 'b.ts': '2\n', 'ü c.txt': '3\n4\n', Makefile: '', '.hidden': '' })
    const census = run(scripts.census)
    expect(census.stdout).toMatch(/ 1 {2}\.txt +#+\n/)
    expect(census.stdout).toMatch(/2 {2}\.ts +#+\n[^]*2 {2}\(none\) +#+\n[^]*5 files/)
    expect(run(scripts.readFiles).stdout).toMatch(/5\/5 +2 lines {2}ü c\.txt\n\n4 lines/)
  })

  test('find what does not parse, and nothing else', () => {
    add({ 'good.sh': '#!/bin/sh\necho\n', 'arrays.sh': '#!/usr/bin/env bash\na=(1 2)\n', 'library.sh': 'a=(1 2)\n', 'good.mjs': 'export {}\n' })
    expect(run(scripts.checkShell)).toMatchObject({ status: 0 })
    expect(run(scripts.checkJavaScript)).toMatchObject({ status: 0 })
    add({ 'bad.sh': '#!/bin/sh\nif\n', 'bad.cjs': 'export {\n' })
    expect(run(scripts.checkShell)).toMatchObject({ status: 1, stdout: expect.stringContaining('WRONG  bad.sh') })
    expect(run(scripts.checkJavaScript)).toMatchObject({ status: 1, stdout: expect.stringContaining('WRONG  bad.cjs') })
  })
})
