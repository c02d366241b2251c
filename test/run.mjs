// npm test: sets the clone up, fetches the servers and the browser that the tests run, and runs every test.
// Arguments go to vitest: `npm test -- packages/db`, `npm test -- -t "a second start"`.
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setUpOrExit } from '../packages/cli/bin/setup.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
/** As test/kit/servers.ts knows it. */
const programs = join(root, 'node_modules/.cache/yardmaster-programs')
const unpacked = ['usr/sbin', 'usr/bin', 'usr/lib/chromium'].map(folder => join(programs, folder))

/** Debian package -> the program it brings. */
const needed = { 'nats-server': 'nats-server', 'redis-server': 'redis-server', chromium: 'chromium' }
/** Those that bring a world of libraries with them, which only the system's own installer sets up; without them the tests that need them are skipped. */
const neededAsRoot = { 'buildbot-worker': 'buildbot-worker' }

const say = line => process.stderr.write(`${line}\n`)

function installAsRoot(packages) {
  // RUNLEVEL: the packages' services are not started.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  const install = () => execFileSync('apt-get', ['-qq', 'install', '-y', '--no-install-recommends', ...packages], { env, stdio: ['ignore', 'ignore', 'inherit'] })
  try {
    install()
  } catch {
    execFileSync('apt-get', ['-qq', 'update'], { env, stdio: ['ignore', 'ignore', 'inherit'] })
    install()
  }
}

async function fetchPrograms() {
  const { findExecutable, unpackDebianPackage } = await import('../packages/cli/dist/local/index.js')
  const missingOf = programsOf => Object.entries(programsOf).filter(([, program]) => findExecutable(program, unpacked) === null).map(([name]) => name)
  const isRoot = process.getuid() === 0
  const missing = missingOf(isRoot ? { ...needed, ...neededAsRoot } : needed)
  const skipped = isRoot ? [] : missingOf(neededAsRoot)
  if (skipped.length > 0) say(`${skipped.join(', ')} not installed: tests that need it are skipped`)
  if (missing.length === 0) return
  say(`… fetching ${missing.join(', ')} from the system's packages`)
  if (isRoot) return installAsRoot(missing)
  for (const name of missing) await unpackDebianPackage(name, programs)
}

/** Programs that were unpacked beside the system's find each other and their libraries. */
function testEnvironment() {
  const libraries = join(programs, 'usr/lib')
  if (!existsSync(programs)) return process.env
  const folders = existsSync(libraries) ? [libraries, ...readdirSync(libraries).filter(name => name.includes('-linux-')).map(name => join(libraries, name))] : []
  return {
    ...process.env,
    PATH: [process.env.PATH, ...unpacked].join(delimiter),
    LD_LIBRARY_PATH: [process.env.LD_LIBRARY_PATH, ...folders].filter(Boolean).join(delimiter),
  }
}

await setUpOrExit()
try {
  await fetchPrograms()
} catch (error) {
  say(`the programs that the tests need could not be fetched: ${error.message}\nInstall ${Object.keys(needed).join(', ')} yourself, so that they are on PATH`)
  process.exit(1)
}
const vitest = spawn(process.execPath, [join(root, 'node_modules/vitest/vitest.mjs'), 'run', ...process.argv.slice(2)], { cwd: root, stdio: 'inherit', env: testEnvironment() })
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => vitest.kill(signal))
vitest.once('exit', (code, signal) => process.exit(code ?? (signal === null ? 1 : 130)))
