import { FunctionFailed, FunctionTimeout } from '@yardmaster/config/host'
import type { CallFunction } from '@yardmaster/domain'

const ATTEMPTS = 3

/**
 * Asks a function again whose thread did not answer, because the machine was busy or another call had ended the thread: what a filter does not answer
 * is not built. One that never answers is soon asked once only, so that it holds up the others no longer than it must.
 */
export function askingAgain(call: CallFunction): CallFunction {
  const unanswered = new Map<string, number>()
  return async (fn, args) => {
    for (let attempt = 1; ; attempt++) {
      try {
        const answer = await call(fn, args)
        unanswered.delete(fn.$fn)
        return answer
      } catch (error) {
        if (!isUnanswered(error)) throw error
        const inARow = (unanswered.get(fn.$fn) ?? 0) + 1
        unanswered.set(fn.$fn, inARow)
        if (attempt === ATTEMPTS || inARow >= ATTEMPTS) throw error
      }
    }
  }
}

/** What the function itself throws says where. */
const isUnanswered = (error: unknown) => error instanceof FunctionTimeout || (error instanceof FunctionFailed && error.userStack === '')
