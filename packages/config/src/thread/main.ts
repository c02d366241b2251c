/** The entry of a configuration thread: runs one bundle, and then the functions in it that the host asks for. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { syncBuiltinESMExports } from 'node:module'
import { setPriority } from 'node:os'
import { getHeapStatistics } from 'node:v8'
import { parentPort, workerData } from 'node:worker_threads'
import type { FunctionInput, StepInput } from '@yardmaster/domain'
import { answer, thrown } from './answer.js'
import { describe } from './describe.js'
import { load } from './load.js'
import type { FromThread, ThreadData, ToThread } from './messages.js'
import type { UserFunction } from './plain.js'
import { renderInput } from './render-input.js'
import { Questions } from './questions.js'
import { StepRun } from './step-run.js'

const port = parentPort
if (!port) throw new Error('this file is the entry of a worker thread')
const { file, mode, nice, current, mostBytes } = workerData as ThreadData
const currentStep = new Int32Array(current)
const post = (message: FromThread): void => port.postMessage(message)

// On Linux alone this is of the thread; elsewhere it would be of the whole service.
if (nice !== 0 && process.platform === 'linux') setPriority(nice)

/** In a thread process.exit ends the thread alone, but process.kill would end the service. */
process.kill = () => { throw new Error('process.kill is not allowed in a configuration') }
syncBuiltinESMExports()
/** The step on whose behalf code runs, through all that it waits for. */
const scope = new AsyncLocalStorage<number>()
const stray = (error: unknown): void => post({ type: 'stray', step: scope.getStore() ?? null, error: thrown(error) })
process.on('uncaughtException', stray)
process.on('unhandledRejection', stray)

const steps = new Map<number, StepRun>()
const questions = new Map<number, Questions>()
let functions: Map<string, UserFunction> = new Map()

function functionAt(path: string): (...args: unknown[]) => unknown {
  const found = functions.get(path)
  if (!found) throw new Error(`there is no function at '${path}' in this generation: the configuration must say the same each time it is loaded`)
  return found as (...args: unknown[]) => unknown
}

async function call(id: number, path: string, input: FunctionInput): Promise<void> {
  try {
    const { view, deadlineMs, context } = input
    const args: unknown[] = [...(input.args ?? [])]
    if (view) args.push(renderInput(view))
    const signal = deadlineMs === undefined ? undefined : AbortSignal.timeout(deadlineMs)
    if (context) {
      const asked = new Questions((n, what, askedArgs) => post({ type: 'ask', id, n, what, args: askedArgs }))
      questions.set(id, asked)
      args.splice(1, 0, { ...context.data, ...asked.functions(context.asks), signal })
    } else if (signal) {
      args.splice(1, 0, signal)
    }
    const fn = functionAt(path)
    const value = input.each ? await Promise.all(input.each.map(item => fn(item, ...args))) : await fn(...args)
    post({ type: 'returned', id, value: answer(value, path) })
  } catch (error) {
    post({ type: 'threw', id, error: thrown(error) })
  } finally {
    questions.delete(id)
  }
}

async function runStep(id: number, path: string, input: StepInput): Promise<void> {
  const run = new StepRun(input, effect => post({ type: 'effect', id, effect }))
  steps.set(id, run)
  try {
    const result = await scope.run(id, () => run.run(ctx => functionAt(path)(ctx)))
    post({ type: 'stepped', id, result })
  } catch (error) {
    post({ type: 'threw', id, error: thrown(error) })
  } finally {
    steps.delete(id)
  }
}

function tellIfFull(): void {
  const { used_heap_size, external_memory } = getHeapStatistics()
  const bytes = used_heap_size + external_memory
  if (bytes > mostBytes) post({ type: 'full', bytes })
}

function receive(message: ToThread): void {
  tellIfFull()
  if (message.type === 'ping') return post({ type: 'pong', n: message.n })
  if (message.type === 'call') return void call(message.id, message.fn, message.input)
  if (message.type === 'told') return questions.get(message.id)?.told(message.n, message.value)
  if (message.type === 'untold') return questions.get(message.id)?.untold(message.n, message.message)
  Atomics.store(currentStep, 0, message.id)
  if (message.type === 'step') return void runStep(message.id, message.fn, message.input)
  const run = steps.get(message.id)
  if (message.type === 'outcome') run?.settle(message.n, message.value)
  if (message.type === 'refused') run?.refuse(message.n, message.message)
  if (message.type === 'abort') run?.stop(message.reason)
}

try {
  const description = describe(await load(file))
  functions = description.functions
  if (mode === 'serve') port.on('message', receive)
  post(mode === 'describe' ? { type: 'described', tree: description.tree } : { type: 'ready' })
} catch (error) {
  post({ type: 'unloadable', error: thrown(error) })
}
