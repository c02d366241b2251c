import type { Thrown } from '../thread/messages.js'

/** The function did not answer in time: its thread was ended. */
export class FunctionTimeout extends Error {
  constructor(readonly fn: string, readonly deadlineMs: number) {
    super(`the configuration's function ${fn} did not answer within ${deadlineMs} ms${deadlineMs < 1_000 ? ': it must be quick, or become a custom step' : ''}`)
    this.name = 'FunctionTimeout'
  }
}

/** The user's function threw, or ended its thread. `userStack` names places in the configuration's files, `failure` is what else it said of it. */
export class FunctionFailed extends Error {
  constructor(readonly fn: string, message: string, readonly userStack: string, readonly failure: Thrown['failure'] = {}) {
    super(message)
    this.name = 'FunctionFailed'
  }
}

/** The thread of a custom step is gone. A step that is no suspect can be replayed at once; a suspect would most likely do it again. */
export class ThreadReplaced extends Error {
  constructor(readonly fn: string, readonly reason: string, readonly suspect: boolean) {
    super(`the configuration thread that ran ${fn} ${reason}`)
    this.name = 'ThreadReplaced'
  }
}
