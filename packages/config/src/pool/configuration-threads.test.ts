import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { bundleConfiguration, ConfigurationThreads, FunctionFailed, FunctionTimeout, ThreadReplaced } from '@yardmaster/config/host'
import type { BuildView, Json, StepEffect, StepEffectOutcome, StepInput } from '@yardmaster/domain'

const source = `
import { defineConfig, steps, util } from '@yardmaster/config'
import { threadId } from 'node:worker_threads'
const functions = {
  echo: (props) => [props.property('who'), props.property('absent', 'x'), props.build.builder, util.interpolate('%(prop:who)s')],
  spin: () => { for (;;); },
  throws: () => { throw new TypeError('my own words') },
  exits: () => process.exit(3),
  kills: () => process.kill(process.pid),
  never: () => new Promise(() => {}),
  hungry: () => { const all = []; for (;;) all.push(new Array(1e6).fill(Math.random())) },
  leaks: (props) => props.property('evil'),
  stray: () => new Promise(() => { setImmediate(() => { throw new Error('from nowhere') }) }),
  thread: () => threadId,
  environment: () => Object.keys(process.env),
  print: () => { console.log('printed'); return true },
  asks: async (who, ctx) => [ctx.attempt, ctx.signal.aborted, await ctx.log(who), await ctx.log('none').catch(error => error.message)],
  hide: (result, props) => result === 0 && props.property('who') === 'ann',
}
export default defineConfig({
  workers: [],
  builders: [{
    name: 'b', workers: [], env: functions, steps: [
      async ctx => {
        ctx.print('one'); ctx.print('two'); ctx.log('other').line('three')
        const done = await ctx.command(['make', util.secret('key')], { timeout: '2m' })
        await ctx.setProperty('got', done.rc)
        ctx.summary({ step: \`\${ctx.property('got')} at \${await ctx.now()}\` })
        return done.ok ? ctx.results.SUCCESS : ctx.results.FAILURE
      },
      async function spins(ctx) { await ctx.now(); for (;;); },
      async function waits(ctx) { await ctx.now(); await ctx.command('sleep'); return ctx.results.WARNINGS },
      async function fails(ctx) { await ctx.command('x'); throw new Error('no good') },
      async function refused(ctx) { try { await ctx.secret('absent') } catch (error) { ctx.print(error.message) } },
      async function lostLog(ctx) { ctx.print('x') },
      async function aborted(ctx) { await ctx.now(); await new Promise(resolve => ctx.signal.addEventListener('abort', resolve)); return ctx.results.CANCELLED },
      async function deaf(ctx) { await ctx.now(); await new Promise(() => {}) },
      function wrong() { return 'fine' },
      async function exits(ctx) { await ctx.now(); process.exit(1) },
      async function oneArray(ctx) { await ctx.now(); const all = []; for (;;) all.push(1.5) },
      async function outside(ctx) { await ctx.now(); const all = []; for (;;) all.push(Buffer.alloc(1e6, 1)) },
      async function slowly(ctx) { const all = []; for (;;) { all.push(new Array(1e5).fill(1.5)); await ctx.now() } },
      async function withTimers() { const all = []; for (;;) { all.push(Buffer.alloc(1e6, 1)); await new Promise(resolve => setImmediate(resolve)) } },
      async function printsForEver(ctx) { for (;;) ctx.print('x'.repeat(1000)) },
      async function asksForEver(ctx) { for (;;) void ctx.addURL('a', 'b') },
      async function consoleForEver(ctx) { await ctx.now(); for (;;) console.log('x'.repeat(1000)) },
      async function rejects(ctx) { await ctx.now(); setTimeout(() => { void Promise.reject(new Error('nobody waits')) }, 20); await ctx.command('x'); await new Promise(() => {}) },
      async function throwsLate(ctx) { await ctx.now(); setTimeout(() => { throw new Error('too late') }, 20); await new Promise(() => {}) },
      async function asks(ctx) { for (let n = 0; n < 100; n++) { await ctx.now(); await new Promise(resolve => setTimeout(resolve, 1)) } },
      async function aborts(ctx) { await ctx.now(); process.abort() },
      async function summary(ctx) { ctx.summary({ step: 5 }) },
      async function url(ctx) { ctx.addURL('a', { href: 'b' }) },
      async function log(ctx) { ctx.log(7).line('x') },
      async function name(ctx) { ctx.setProperty(null, 1) },
    ],
  }],
})
`
const folder = mkdtempSync(join(tmpdir(), 'yard-threads-'))
const clock = { setTimeout: (fn: () => void, ms: number) => { const timer = setTimeout(fn, ms); return () => clearTimeout(timer) } }
const view: BuildView = {
  properties: { who: ['ann', 'test'], evil: [{ $secret: 'token' }, 'Force Build Form'] },
  sourcestamps: {}, build: { id: 1, number: 1, builder: 'b', worker: 'w', buildset: 1, buildrequest: 1, reason: '' },
}
const input: StepInput = { ...view, step: { name: 's', number: 0 } }
const fn = (name: string): { $fn: string } => ({ $fn: `builders.b.env.${name}` })
const step = (index: number): { $fn: string } => ({ $fn: `builders.b.steps.${index}.run` })
const never = new AbortController().signal

let code = ''
let open: ConfigurationThreads[] = []
const replaced: { kind: string; reason: string; fn: string | null }[] = []
const printed: string[] = []

function threads(options: Partial<ConstructorParameters<typeof ConfigurationThreads>[0]> = {}): ConfigurationThreads {
  const made = new ConfigurationThreads({ bundle: code, clock, loadDeadlineMs: 60_000, onReplaced: event => replaced.push(event), onPrint: text => printed.push(text), ...options })
  open.push(made)
  return made
}

beforeAll(async () => {
  writeFileSync(join(folder, 'yard.config.ts'), source)
  code = (await bundleConfiguration(join(folder, 'yard.config.ts'))).code
})
afterEach(() => {
  for (const one of open) one.close()
  open = []
  replaced.length = 0
})
afterAll(() => rmSync(folder, { recursive: true }))

describe('quick functions', () => {
  test('answer with data, and with what util made', async () => {
    const pool = threads()
    expect(await pool.call(fn('echo'), { view })).toEqual(['ann', 'x', 'b', { $interpolate: '%(prop:who)s' }])
    expect(await pool.call(fn('hide'), { args: [0], view })).toBe(true)
  })

  test('a patient one is given a context, and asks by it whoever called it', async () => {
    const answer = (what: string, [who]: Json[]) => (who === 'none' ? Promise.reject(new Error('there is none')) : Promise.resolve(`${what} of ${String(who)}`))
    const input = { args: ['ann'], context: { data: { attempt: 2 }, asks: ['log'] } }
    expect(await threads().callPatiently(fn('asks'), input, never, answer)).toEqual([2, false, 'log of ann', 'there is none'])
  })

  test('one that spins costs its own call; those behind it are answered by a new thread', async () => {
    const pool = threads()
    const spinning = pool.call(fn('spin'), { view })
    const behind = [pool.call(fn('echo'), { view }), pool.call(fn('hide'), { args: [1], view })]
    await expect(spinning).rejects.toBeInstanceOf(FunctionTimeout)
    expect(await Promise.all(behind)).toEqual([expect.arrayContaining(['ann']), false])
    expect(replaced).toEqual([{ kind: 'short', reason: 'was stuck in builders.b.env.spin', fn: 'builders.b.env.spin' }])
  })

  test('what our own process is told in confidence is not in its environment', async () => {
    const secret = { YARD_SECRET_TOKEN: 'hunter2', DATABASE_URL: 'postgres://u:hunter2@h/d', YARD_CONFIDENTIAL_NOT: '' }
    Object.assign(process.env, secret)
    const names = await threads().call(fn('environment'), { view }).finally(() => { for (const name of Object.keys(secret)) delete process.env[name] })
    expect(names).toEqual(expect.arrayContaining(['PATH', 'YARD_CONFIDENTIAL_NOT']))
    expect(names).not.toEqual(expect.arrayContaining(['YARD_SECRET_TOKEN']))
    expect(names).not.toEqual(expect.arrayContaining(['DATABASE_URL']))
  })

  test('one that never settles is a timeout too', async () => {
    await expect(threads().call(fn('never'), { view })).rejects.toThrow('did not answer within 250 ms')
  })

  test('one that throws rejects with its words and its place', async () => {
    const error: unknown = await threads().call(fn('throws'), { view }).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(FunctionFailed)
    expect(error).toMatchObject({ message: 'TypeError: my own words (yard.config.ts:7:25)', userStack: expect.stringContaining('yard.config.ts:7:25') })
  })

  test('process.exit ends the thread and process.kill nothing', async () => {
    const pool = threads()
    await expect(pool.call(fn('exits'), { view })).rejects.toThrow('ended itself (process.exit, code 3)')
    await expect(pool.call(fn('kills'), { view })).rejects.toThrow('process.kill is not allowed')
    expect(await pool.call(fn('hide'), { args: [0], view })).toBe(true)
  })

  test('one that eats all memory ends its thread alone', async () => {
    const pool = threads({ deadlineMs: 20_000 })
    await expect(pool.call(fn('hungry'), { view })).rejects.toThrow(/took \d+ MiB of memory, more than the 256 MiB/)
    expect(await pool.call(fn('hide'), { args: [0], view })).toBe(true)
  })

  test('a property that looks like a secret cannot become one by passing through a function', async () => {
    await expect(threads().call(fn('leaks'), { view })).rejects.toThrow("the key '$secret' is reserved")
  })

  test('an error from outside the call rejects the call, and the thread goes on', async () => {
    const pool = threads()
    await expect(pool.call(fn('stray'), { view })).rejects.toThrow('from nowhere')
    expect(await pool.call(fn('hide'), { args: [0], view })).toBe(true)
    expect(replaced).toEqual([])
  })

  test('what is printed is told, and an unknown address is an error', async () => {
    const pool = threads()
    await pool.call(fn('print'), { view })
    await expect.poll(() => printed.join('')).toContain('printed')
    await expect(pool.call({ $fn: 'nowhere' }, {})).rejects.toThrow("there is no function at 'nowhere'")
  })

  test('an idle thread ends, and the next call gets a new one', async () => {
    const pool = threads({ idleMs: 20 })
    const first = await pool.call(fn('thread'), {})
    await expect.poll(() => pool.call(fn('thread'), {}), { interval: 60 }).not.toBe(first)
    expect(replaced).toEqual([])
  })

  test('a closed pool refuses', async () => {
    const pool = threads()
    const waiting = pool.call(fn('never'), { view })
    pool.close()
    await expect(waiting).rejects.toThrow('closed')
    await expect(pool.call(fn('echo'), { view })).rejects.toThrow('closed')
  })
})

describe('custom steps', () => {
  const performed: StepEffect[] = []
  async function perform(effect: StepEffect): Promise<StepEffectOutcome> {
    performed.push(effect)
    if (effect.kind === 'command') return { ok: false, rc: 2, stdout: '', stderr: '', failureReason: null }
    if (effect.kind === 'time') return 1_000
    if (effect.kind === 'secret') throw new Error(`no secret '${effect.args.name}'`)
    return effect.kind === 'random' ? 0.5 : null
  }
  afterEach(() => { performed.length = 0 })

  test.each([
    [21, 'ctx.summary: step is 5, expected a text'], [22, 'ctx.addURL: url is {"href":"b"}, expected a text'],
    [23, 'ctx.log: name is 7, expected a text'], [24, 'ctx.setProperty: name is null, expected a text'],
  ])('what is no text where one is wanted is the function\'s mistake, and is told as that (%i)', async (index, message) => {
    await expect(threads().runStep(step(index), input, perform, never)).rejects.toThrow(message)
    expect(performed).toEqual([])
  })

  test('effects are numbered in the order of the calls, lines written together are one', async () => {
    expect(await threads().runStep(step(0), input, perform, never)).toBe(2)
    expect(performed).toEqual([
      { n: 1, kind: 'log', args: { name: 'stdio', text: 'one\ntwo\n' } },
      { n: 2, kind: 'log', args: { name: 'other', text: 'three\n' } },
      { n: 3, kind: 'command', args: { command: ['make', { $secret: 'key' }], env: {}, workdir: 'build', timeout: 120, maxTime: null, log: 'stdio', logEnviron: true, usePTY: false } },
      { n: 4, kind: 'property', args: { name: 'got', value: 2, source: 's' } },
      { n: 5, kind: 'time', args: {} },
      { n: 6, kind: 'summary', args: { step: '2 at 1000' } },
    ])
  })

  test('one that spins is ended with its thread, and is told to be the suspect; the others are not', async () => {
    const pool = threads({ longThreads: 1, pingMs: 300, unanswered: 4 })
    let release = (): void => undefined
    const held = new Promise<void>(resolve => { release = resolve })
    const begun: string[] = []
    const slow = async (effect: StepEffect): Promise<StepEffectOutcome> => {
      begun.push(effect.kind)
      if (effect.kind === 'command') await held
      return perform(effect)
    }
    const waiting = pool.runStep(step(2), input, slow, never).catch((error: unknown) => error)
    await expect.poll(() => begun).toEqual(['time', 'command'])
    const spinning = pool.runStep(step(1), input, perform, never).catch((error: unknown) => error)
    const [innocent, guilty] = await Promise.all([waiting, spinning])
    expect(innocent).toBeInstanceOf(ThreadReplaced)
    expect([innocent, guilty]).toMatchObject([{ suspect: false }, { suspect: true }])
    release()
    expect(await pool.runStep(step(2), input, perform, never)).toBe(1)
    expect(replaced).toMatchObject([{ kind: 'long', fn: 'builders.b.steps.1.run' }])
  })

  test('a spinning step delays no step on another thread', async () => {
    const pool = threads({ longThreads: 2, pingMs: 1_000 })
    const spinning = pool.runStep(step(1), input, perform, never).catch((error: unknown) => error)
    expect(await pool.runStep(step(0), input, perform, never)).toBe(2)
    pool.close()
    await spinning
  })

  test('errors: thrown, from an effect that is awaited, from one that is not, a wrong result, process.exit', async () => {
    const pool = threads()
    await expect(pool.runStep(step(3), input, perform, never)).rejects.toThrow(/^Error: no good \(yard.config.ts:\d+:\d+\)$/)
    expect(await pool.runStep(step(4), input, perform, never)).toBe(0)
    expect(performed.at(-1)).toMatchObject({ kind: 'log', args: { text: "no secret 'absent'\n" } })
    await expect(pool.runStep(step(5), input, async () => { throw new Error('disk full') }, never)).rejects.toThrow('disk full')
    await expect(pool.runStep(step(8), input, perform, never)).rejects.toThrow('the step returned "fine"')
    await expect(pool.runStep(step(9), input, perform, never)).rejects.toMatchObject({ name: 'ThreadReplaced', suspect: true })
  })

  test.each([['one array that grows', 10], ['memory outside of the heap', 11], ['between effects', 12], ['between turns of its loop', 13], ['what it prints to the console', 16]])(
    'a step that takes memory without end (%s) is ended with its thread, before it takes the process along', async (_, at) => {
      const pool = threads({ pingMs: 1_000, unanswered: 60 })
      const error: unknown = await pool.runStep(step(at), input, perform, never).catch((caught: unknown) => caught)
      expect(error).toMatchObject({ name: 'ThreadReplaced', suspect: true })
      expect(String(error)).toMatch(/took \d+ MiB of memory, more than the 256 MiB/)
      expect(await pool.runStep(step(0), input, perform, never)).toBe(2)
    })

  test('a step that asks for more than can be done is stopped, and what it has asked for is bounded', async () => {
    const pool = threads()
    await expect(pool.runStep(step(14), input, perform, never)).rejects.toThrow('prints or keeps more than can be written')
    expect(performed.map(effect => (effect.kind === 'log' ? effect.args.text.length : 0)).reduce((sum, length) => sum + length, 0)).toBeLessThan(18 * 1024 * 1024)
    await expect(pool.runStep(step(15), input, perform, never)).rejects.toThrow('more than 1000 things at once')
    await expect(pool.runStep(step(20), input, perform, never)).rejects.toThrow('process.abort() is not supported')
  })

  test('an error outside of what a step awaits is that of the step behind it, whatever else runs on its thread', async () => {
    const pool = threads({ longThreads: 1 })
    const innocent = pool.runStep(step(19), input, perform, never)
    await Promise.all([
      expect(pool.runStep(step(17), input, perform, never)).rejects.toThrow('nobody waits'),
      expect(pool.runStep(step(18), input, perform, never)).rejects.toThrow('too late'),
    ])
    expect(await innocent).toBe(0)
  })

  test('a stopped step may end by itself, and is given up if it does not', async () => {
    const pool = threads({ stopMs: 1_500 })
    const controller = new AbortController()
    const [polite, deaf] = [pool.runStep(step(6), input, perform, controller.signal), pool.runStep(step(7), input, perform, controller.signal)]
    const deafEnded = deaf.catch((error: unknown) => error)
    await expect.poll(() => performed.length).toBe(2)
    controller.abort(new Error('stopped by ann'))
    expect(await polite).toBe(6)
    expect(await deafEnded).toMatchObject({ message: 'stopped by ann' })
    await expect(pool.runStep(step(7), input, perform, controller.signal)).rejects.toThrow('stopped by ann')
  })

  test('what comes after a step that spun and was stopped is not blamed for it', async () => {
    const pool = threads({ longThreads: 1, pingMs: 100, unanswered: 5, stopMs: 50 })
    const controller = new AbortController()
    const spinning = pool.runStep(step(1), input, perform, controller.signal).catch((error: unknown) => error)
    await expect.poll(() => performed.length).toBe(1)
    controller.abort(new Error('stopped by ann'))
    expect(await spinning).toMatchObject({ message: 'stopped by ann' })
    expect(await pool.runStep(step(0), input, perform, never)).toBe(2)
  })
})
