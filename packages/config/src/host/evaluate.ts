import type { Json } from '@yardmaster/domain'
import type { FromThread, Thrown } from '../thread/messages.js'
import { startThread } from './thread.js'
import type { Bundle } from './bundle.js'

/** Calls `fn` after `ms`, unless the returned function is called before. */
export type Timer = (fn: () => void, ms: number) => () => void

export type Evaluation = { tree: Json } | { thrown: Thrown } | { failed: string }

/** Runs a bundle in a thread of its own, and tells what it says. Never on the caller's thread: it is somebody's program, and may spin. */
export function evaluate(bundle: Bundle, { timer, deadlineMs }: { timer: Timer; deadlineMs: number }): Promise<Evaluation> {
  const worker = startThread({ code: bundle.code, mode: 'describe' })
  return new Promise(resolve => {
    const end = (evaluation: Evaluation): void => {
      cancel()
      resolve(evaluation)
      void worker.terminate()
    }
    const cancel = timer(() => end({ failed: `did not finish loading in ${deadlineMs / 1000} s` }), deadlineMs)
    worker.on('message', (message: FromThread) => {
      if (message.type === 'described') end({ tree: message.tree })
      if (message.type === 'unloadable' || message.type === 'stray') end({ thrown: message.error })
    })
    worker.on('error', error => end({ failed: `could not be loaded: ${error.message}` }))
    worker.on('exit', code => end({ failed: `ended the program while it was loading (process.exit, code ${code})` }))
  })
}
