import { execFile } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { contextSources, parseDockerfile, parseDockerignore, shellOf, withAncestors, type Stage } from './dockerfile.js'

const root = join(import.meta.dirname, '../..')
const run = promisify(execFile)
const stages = parseDockerfile(readFileSync(join(root, 'deploy/docker/Dockerfile'), 'utf8'))
const ignore = parseDockerignore(readFileSync(join(root, 'deploy/docker/Dockerfile.dockerignore'), 'utf8'))
const roles = ['worker', ...readdirSync(join(root, 'services'))].sort()

const isFinal = (stage: Stage) => stage.instructions.some(({ name }) => name === 'CMD')
const programOf = (stage: Stage) => (JSON.parse(stage.instructions.find(({ name }) => name === 'CMD')?.text ?? '[]') as string[])[1] ?? ''

test('there is one target per role', () => {
  expect(stages.filter(isFinal).map(({ name }) => name).sort()).toEqual(roles)
})

test('every stage stands on a stage before it or on the same Node image', () => {
  for (const [n, { from, instructions }] of stages.entries()) {
    const before = stages.slice(0, n).map(({ name }) => name)
    expect([...before, 'node:20-bookworm-slim']).toContain(from)
    for (const { text } of instructions.filter(({ name, text: copied }) => name === 'COPY' && copied.startsWith('--from='))) expect(before).toContain(/--from=(\S+)/.exec(text)?.[1])
  }
})

test('everything copied from the context is there and not ignored', () => {
  for (const source of stages.flatMap(contextSources)) {
    expect(existsSync(join(root, source)), source).toBe(true)
    expect(ignore.allowed, source).toContain(source)
  }
})

test.each(roles)('%s runs without root, stops on SIGTERM, and says whether it is ready', role => {
  const all = withAncestors(stages, role)
  expect(all.filter(({ name }) => name === 'USER').at(-1)?.text).toBe('node')
  expect(all.filter(({ name }) => name === 'STOPSIGNAL').at(-1)?.text).toBe('SIGTERM')
  expect(all.some(({ name }) => name === 'HEALTHCHECK')).toBe(true)
  // exec form: the signal reaches the program, not a shell.
  for (const { text } of all.filter(({ name }) => name === 'CMD' || name === 'ENTRYPOINT')) expect(JSON.parse(text)).toEqual(expect.any(Array))
})

test.each(roles)('the program that %s runs is what the build makes', role => {
  const stage = stages.find(({ name }) => name === role)
  const source = stage && programOf(stage).replace('/dist/', '/src/').replace(/\.js$/, '.ts')
  expect(existsSync(join(root, source ?? '')), source).toBe(true)
})

test('the entry point reads secrets from files, and says which one is missing', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'yardmaster-entrypoint-'))
  try {
    writeFileSync(join(folder, 'password'), "it's $HOME & \"more\"\n")
    const entryPoint = join(root, 'deploy/docker/entrypoint.sh')
    const env = { PATH: process.env.PATH ?? '', PGPASSWORD_FILE: join(folder, 'password'), NATS_URL: 'nats://n' }
    const { stdout } = await run(entryPoint, [process.execPath, '-p', 'JSON.stringify(process.env)'], { env })
    expect(JSON.parse(stdout)).toMatchObject({ PGPASSWORD: "it's $HOME & \"more\"", NATS_URL: 'nats://n' })
    expect(stdout).not.toContain('PGPASSWORD_FILE')
    await expect(run(entryPoint, ['true'], { env: { ...env, DATABASE_URL_FILE: join(folder, 'absent') } })).rejects.toThrow(/DATABASE_URL_FILE: cannot read .*absent/)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

/** The build context as an image build would see it. */
function copyContext(to: string): void {
  for (const entry of ignore.allowed) {
    mkdirSync(dirname(join(to, entry)), { recursive: true })
    cpSync(join(root, entry), join(to, entry), { recursive: true, filter: path => !ignore.excludedNames.some(name => name.test(basename(path))) })
  }
}

// Installs the dependencies six times over: a minute, and the network. `.ci/run` asks for it.
test.runIf(process.env['YARD_TEST_IMAGES'] === '1')('the shell lines of the build really make every role', { timeout: 600_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'yardmaster-image-'))
  const runStage = async (stage: string) => {
    for (const instruction of stages.find(({ name }) => name === stage)?.instructions ?? []) {
      if (instruction.name === 'RUN') await run('/bin/sh', ['-ec', shellOf(instruction)], { cwd: folder, env: { ...process.env, CI: '1' }, maxBuffer: 64 << 20 })
    }
  }
  try {
    copyContext(folder)
    await runStage('build')
    const missing: { [role: string]: string[] } = {}
    for (const stage of stages.filter(isFinal)) {
      rmSync(join(folder, 'node_modules'), { recursive: true, force: true })
      await runStage(`${stage.name}-files`)
      missing[stage.name] = await missingImports(folder, programOf(stage))
    }
    expect(missing).toEqual(Object.fromEntries(roles.map(role => [role, []])))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

/** Runs the program with nothing set: it must get as far as saying what it misses, and not fail for want of a module. */
async function missingImports(folder: string, program: string): Promise<string[]> {
  const outcome = await run(process.execPath, [program], { cwd: folder, env: { PATH: process.env.PATH ?? '', YARD_HOME: join(folder, 'home') }, timeout: 20_000 }).then(
    ({ stdout, stderr }) => stdout + stderr, (error: { stdout: string; stderr: string }) => error.stdout + error.stderr)
  return outcome.match(/Cannot find (?:package|module) \S+/g) ?? []
}
