import { results, steps, util } from '@yardmaster/config'
import type { Step, StepContext } from '@yardmaster/config'
import type { Branch } from './branches.js'

/** A factory is composed: where the source comes from, how it is configured, what is tested, and what comes after. */
export type Factory = (branch: Branch) => Step[]

const repository = 'https://git.example.org/interpreter.git'
const jobs = util.interpolate('-j%(prop:parallel:-2)s')

type Configure = { name: string; options: string[]; env?: { [name: string]: string }; from?: number }
type Testing = { name: string; options: string[]; timeout: `${number}m` | `${number}h` }

const configures: Configure[] = [
  { name: 'debug', options: ['--with-pydebug'] },
  { name: 'release', options: ['--enable-shared'] },
  { name: 'lto', options: ['--with-lto'] },
  { name: 'pgo', options: ['--enable-optimizations'] },
  { name: 'lto-pgo', options: ['--with-lto', '--enable-optimizations'] },
  { name: 'asan', options: ['--with-address-sanitizer', '--without-pymalloc'], env: { ASAN_OPTIONS: 'detect_leaks=0:allocator_may_return_null=1' } },
  { name: 'ubsan', options: ['--with-undefined-behavior-sanitizer'], env: { UBSAN_OPTIONS: 'print_stacktrace=1' } },
  { name: 'tsan', options: ['--with-thread-sanitizer', '--disable-gil'], from: 13 },
  { name: 'no-gil', options: ['--disable-gil'], from: 13 },
  { name: 'trace-refs', options: ['--with-trace-refs'] },
]

const testings: Testing[] = [
  { name: 'quick', options: ['--fast'], timeout: '15m' },
  { name: 'full', options: ['-u', 'all,-largefile'], timeout: '40m' },
  { name: 'refleaks', options: ['-R', '3:3', '-u', '-cpu'], timeout: '4h' },
  { name: 'big-memory', options: ['-M', '33g'], timeout: '6h' },
  { name: 'network', options: ['-u', 'network'], timeout: '40m' },
  { name: 'installed', options: ['--installed'], timeout: '40m' },
  { name: 'slow', options: ['-j1', '-v'], timeout: '8h' },
]

const checkout = (branch: Branch): Step => steps.git({ repository, branch: branch.git, mode: 'full', method: 'fresh', haltOnFailure: true })

const configured = ({ options, env = {} }: Configure): Step[] => [
  steps.shell({ name: 'configure', command: ['./configure', '--prefix', util.interpolate('%(prop:builddir:-build)s/target'), ...options], env, haltOnFailure: true }),
  steps.setPropertyFromCommand({ name: 'compiler', command: ['cc', '--version'], extract: (_rc: number, stdout: string) => ({ compiler: stdout.split('\n')[0] ?? '' }), flunkOnFailure: false }),
  steps.shell({ name: 'compile', command: ['make', jobs, 'all'], env, haltOnFailure: true, timeout: '1h' }),
]

const tested = ({ name, options, timeout }: Testing): Step[] => [
  steps.shell({ name: 'pythoninfo', command: ['make', 'pythoninfo'], warnOnFailure: true, flunkOnFailure: false }),
  steps.shell({ name: `test ${name}`, command: ['make', 'buildbottest', util.interpolate(`TESTOPTS=%(prop:test_options:-)s ${options.join(' ')}`)], timeout, decodeRC: { 0: results.SUCCESS, 2: results.FAILURE, 5: results.WARNINGS } }),
]

/** Which tests failed and came through at the second try, for the state string of the build. */
async function summarize(ctx: StepContext): Promise<void> {
  const { stdout } = await ctx.command(['python3', 'tools/summary.py', '--json'])
  const failed = stdout.split('\n').filter(line => line.startsWith('FAIL '))
  await ctx.summary({ build: failed.length === 0 ? 'all tests passed' : `${failed.length} failed` })
}

const afterwards: Step[] = [
  steps.custom({ name: 'summary', alwaysRun: true, flunkOnFailure: false, run: summarize }),
  steps.shell({ name: 'clean', command: ['make', 'distclean'], alwaysRun: true, flunkOnFailure: false, doStepIf: ({ properties }) => properties['keep'] !== true }),
]

/** 70 kinds. */
export const factories: { name: string; from: number; slow: boolean; make: Factory }[] = configures.flatMap(configure => testings.map(testing => ({
  name: `${configure.name} ${testing.name}`, from: configure.from ?? 0, slow: testing.timeout.endsWith('h'),
  make: (branch: Branch) => [checkout(branch), ...configured(configure), ...tested(testing), ...afterwards],
})))
