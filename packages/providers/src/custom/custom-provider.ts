import type { FunctionRef, Json, MachineProvider, MachineRequest, Renderable } from '@yardmaster/domain'
import { answersOf, customFailure } from './answers.js'

/** Calls a function of the configuration, where functions run. What it throws may have a `failure`: what the function said of it. */
export type CallFunction = (fn: FunctionRef, args: Json[], signal: AbortSignal) => Promise<Json>

type Functions = { [name in 'create' | 'list' | 'get' | 'remove']: FunctionRef } & { [name in 'removeLeftover' | 'price' | 'check']: FunctionRef | null }

/** A kind of machine that functions of the configuration implement. `account` is what `providers.custom` was read as, its secrets resolved. */
export function customProvider(account: { [name: string]: Renderable }, call: CallFunction): MachineProvider {
  const functions = account['functions'] as unknown as Functions
  const { removeLeftover, price, check } = functions
  const last = (account['account'] ?? {}) as Json
  const ask = async <T>(fn: FunctionRef, given: Json, { signal, read }: { signal: AbortSignal; read: (answers: ReturnType<typeof answersOf>, answer: Json) => T }): Promise<T> => {
    let answer: Json
    try {
      answer = await call(fn, [given, last], signal)
    } catch (error) {
      throw customFailure(fn.$fn, error)
    }
    return read(answersOf(fn.$fn), answer)
  }
  // What is rendered is below `options`, as the configuration says it.
  const plain = (request: Pick<MachineRequest, 'options' | 'zone' | 'plan'>): Json => ({ ...request, options: request.options['options'] ?? {} })
  return {
    version: 1,
    create: (request, signal) => ask(functions.create, plain(request), { signal, read: (answers, answer) => answers.machine(answer) }),
    list: (installation, signal) => ask(functions.list, installation, { signal, read: (answers, answer) => answers.all(answer) }),
    get: (id, signal) => ask(functions.get, id, { signal, read: (answers, answer) => answers.machineOrNull(answer) }),
    remove: ({ id, label, storages }, signal) => ask(functions.remove, { id, label, storages }, { signal, read: (answers, answer) => answers.outcome(answer) }),
    async removeLeftover(leftover, signal) {
      if (removeLeftover) await ask(removeLeftover, leftover, { signal, read: () => {} })
    },
    ...(price ? { price: (request, signal) => ask(price, plain(request), { signal, read: (answers, answer) => answers.priceOrNull(answer) }) } : {}),
    ...(check ? { check: (request, signal) => ask(check, plain(request), { signal, read: (answers, answer) => answers.findings(answer) }) } : {}),
  }
}
