#!/usr/bin/env node
// Brings a clone to where `yard` runs: dependencies, database client, transpiled code, web page. Plain Node, nothing installed yet.
// Each stage keeps the digest of what it was made from, so that a later start only compares.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'

const root = join(dirname(fileURLToPath(import.meta.url)), '../../..')
const stamps = join(root, 'node_modules/.yardmaster')
const logs = join(root, 'node_modules/.cache/yardmaster')

/** What a user can put right: shown without a stack. */
export class SetUpError extends Error {}

function filesBelow(path) {
  const full = join(root, path)
  if (!existsSync(full)) return []
  const entries = readdirSync(full, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))
  return entries.flatMap(entry => {
    const below = `${path}/${entry.name}`
    return entry.isDirectory() ? filesBelow(below) : [below]
  })
}

function digestOf(files) {
  const hash = createHash('sha256')
  for (const file of files) hash.update(`${file}\0`).update(existsSync(join(root, file)) ? readFileSync(join(root, file)) : '').update('\0')
  return hash.digest('hex')
}

const units = () => ['packages', 'services'].flatMap(group => readdirSync(join(root, group)).map(name => `${group}/${name}`))
const manifests = () => ['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml', ...units().map(unit => `${unit}/package.json`)]
const isCode = file => file.endsWith('.ts') && !file.endsWith('.test.ts') && !file.includes('/generated/')
const codeOf = folders => folders.flatMap(folder => filesBelow(`${folder}/src`))
const webInputs = () => ['index.html', 'vite.config.ts', 'tsconfig.json'].map(name => `packages/web/${name}`)
  .concat(filesBelow('packages/web/public'), codeOf(['packages/web', 'packages/rest', 'packages/domain']).filter(file => !/\.test\.tsx?$/.test(file)))

/** A command with its output in a log file, which is shown when it fails. */
function runLogged(name, command, args, options) {
  mkdirSync(logs, { recursive: true })
  const logFile = join(logs, `${name.replace(' ', '-')}.log`)
  const log = openSync(logFile, 'w')
  return new Promise((resolve, reject) => {
    const fail = why => {
      const lines = stripVTControlCharacters(readFileSync(logFile, 'utf8')).trim().split('\n').slice(-25)
      reject(new SetUpError(`${name}: ${[command, ...args].join(' ')} ${why}\n${lines.map(line => `  ${line}`).join('\n')}\nThe whole output is in ${logFile}`))
    }
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', log, log], ...options, env: { ...process.env, NO_COLOR: '1', ...options.env } })
    child.once('error', error => fail(`cannot be run: ${error.message}`))
    child.once('exit', (code, signal) => code === 0 ? resolve() : fail(`ended with ${signal ?? `exit code ${code}`}`))
  }).finally(() => closeSync(log))
}

// CI: pnpm asks no questions.
const install = () => runLogged('dependencies', 'npx', ['-y', 'pnpm@12', 'install', '--frozen-lockfile'], { env: { CI: '1' } })

const generateClient = () => runLogged('database client', process.execPath, ['node_modules/prisma/build/index.js', 'generate'], {
  cwd: join(root, 'packages/db'),
  // Generating needs no schema engine, but prisma would download one unless told of a file that exists.
  env: { PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, PRISMA_HIDE_UPDATE_MESSAGE: '1', CHECKPOINT_DISABLE: '1' },
})

async function transpile() {
  const { buildAll } = await import('./build.mjs')
  await buildAll()
}

// Whoever asks: with NODE_ENV=test or development, as in a test that starts `yard`, it would be React's slow form.
const bundleWeb = () => runLogged('web page', process.execPath, ['node_modules/vite/bin/vite.js', 'build'], { cwd: join(root, 'packages/web'), env: { NODE_ENV: 'production' } })

/** In order; `made` is what must be there besides the stamp. */
const stages = [
  { name: 'dependencies', inputs: manifests, made: 'node_modules/.modules.yaml', run: install },
  { name: 'database client', inputs: () => ['pnpm-lock.yaml', 'packages/db/prisma.config.ts', ...filesBelow('packages/db/prisma/schema')], made: 'packages/db/src/generated', run: generateClient },
  { name: 'code', inputs: () => ['pnpm-lock.yaml', 'packages/cli/bin/build.mjs', ...filesBelow('packages/db/prisma/schema'), ...codeOf(units()).filter(isCode)], made: 'packages/cli/dist/main.js', run: transpile },
  { name: 'web page', inputs: () => ['pnpm-lock.yaml', ...webInputs()], made: 'packages/web/dist/index.html', run: bundleWeb },
]

const stampOf = stage => join(stamps, stage.name.replace(' ', '-'))

function isDone(stage, digest) {
  const stamp = stampOf(stage)
  return existsSync(stamp) && existsSync(join(root, stage.made)) && readFileSync(stamp, 'utf8') === digest
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major < 20 || (major === 20 && minor < 19)) throw new SetUpError(`Yardmaster needs Node 20.19 or newer; this is ${process.versions.node} (${process.execPath})`)
}

function checkGit() {
  if (spawnSync('git', ['--version']).error) throw new SetUpError('Yardmaster needs git, which is not on PATH: install it (Debian: apt-get install git)')
}

function isRunning(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

/** Two starts at once must not install into the same folder. */
async function locked(log, work) {
  const lock = join(root, 'node_modules/.yardmaster-setup.lock')
  try {
    mkdirSync(dirname(lock), { recursive: true })
    for (let told = false; ; told = true) {
      try {
        writeFileSync(lock, String(process.pid), { flag: 'wx' })
        break
      } catch (error) {
        if (error.code !== 'EEXIST') throw error
      }
      const holder = Number(existsSync(lock) ? readFileSync(lock, 'utf8') : process.pid)
      if (holder > 0 && !isRunning(holder)) rmSync(lock, { force: true })
      else if (!told) log(`waiting for the set-up that process ${holder} is doing`)
      await new Promise(resolve => setTimeout(resolve, 200))
    }
  } catch (error) {
    if (['EACCES', 'EROFS', 'EPERM'].includes(error.code)) throw new SetUpError(`this clone has to be set up once, and ${root} cannot be written (${error.code}): run "npm run build" as a user who may`)
    throw error
  }
  try {
    await work()
  } finally {
    rmSync(lock, { force: true })
  }
}

const seconds = since => `${((performance.now() - since) / 1000).toFixed(1)} s`

async function runStages(log) {
  for (const stage of stages) {
    const digest = digestOf(stage.inputs())
    if (isDone(stage, digest)) continue
    const began = performance.now()
    log(`… ${stage.name}`)
    rmSync(stampOf(stage), { force: true })
    await stage.run()
    mkdirSync(stamps, { recursive: true })
    writeFileSync(stampOf(stage), digest)
    log(`✓ ${stage.name.padEnd(24)} ${seconds(began)}`)
  }
}

/**
 * Does what is missing or out of date, with a line to `log` per stage; writes nothing when all is done.
 * Throws {@link SetUpError}.
 */
export async function setUp({ log }) {
  checkNode()
  if (stages.every(stage => isDone(stage, digestOf(stage.inputs())))) return
  checkGit()
  await locked(log, () => runStages(log))
}

/** For programs: sets up, or ends the process with the sentence that says why not. */
export async function setUpOrExit() {
  try {
    await setUp({ log: line => process.stderr.write(`${line}\n`) })
  } catch (error) {
    process.stderr.write(`${error instanceof SetUpError ? error.message : error.stack}\n`)
    process.exit(1)
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await setUpOrExit()
