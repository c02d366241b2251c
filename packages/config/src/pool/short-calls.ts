import type { FunctionInput, FunctionRef, Json } from '@yardmaster/domain'
import type { FromThread, Thrown } from '../thread/messages.js'
import { FunctionFailed, FunctionTimeout } from './errors.js'
import { patientTimer } from './patient-timer.js'
import { ThreadHandle } from './thread-handle.js'
import type { ThreadOptions } from './thread-handle.js'

export type ShortOptions = ThreadOptions & {
  deadlineMs: number
  threads: number
  failed: (fn: string, thrown: Thrown) => FunctionFailed
  onReplaced: (reason: string, fn: string | null) => void
}

/** Answers what a function asks while it runs. */
export type AnswerAsked = (what: string, args: Json[]) => Promise<Json>

type Call = { id: number; fn: string; input: FunctionInput; answer: AnswerAsked | undefined; resolve: (value: Json) => void; reject: (error: Error) => void }
type Slot = { thread: ThreadHandle; call: Call | undefined; cancelDeadline: () => void }

/**
 * Quick functions, one at a time on each thread: so the one that a stuck thread is stuck in is known, and those that wait
 * simply go to the next thread.
 */
export class ShortCalls {
  private readonly queue: Call[] = []
  private readonly slots = new Set<Slot>()
  private lastId = 0
  private closed = false

  constructor(private readonly options: ShortOptions) {}

  /** Who gives up by the signal is told at once; a call that no thread has begun is then never made. */
  call(fn: FunctionRef, input: FunctionInput, signal?: AbortSignal, answer?: AnswerAsked): Promise<Json> {
    if (this.closed) return Promise.reject(new Error('the configuration threads are closed'))
    return new Promise((resolve, reject) => {
      const onAbort = (): void => { if (signal) this.giveUp(call, signal) }
      const call: Call = {
        id: ++this.lastId, fn: fn.$fn, input, answer,
        resolve(value) { signal?.removeEventListener('abort', onAbort); resolve(value) },
        reject(error) { signal?.removeEventListener('abort', onAbort); reject(error) },
      }
      this.queue.push(call)
      signal?.addEventListener('abort', onAbort, { once: true })
      if (signal?.aborted) this.giveUp(call, signal)
      else this.pump()
    })
  }

  close(): void {
    this.closed = true
    for (const call of this.queue.splice(0)) call.reject(new Error('the configuration threads are closed'))
    for (const slot of this.slots) slot.thread.end('was closed')
  }

  private giveUp(call: Call, signal: AbortSignal): void {
    const waits = this.queue.indexOf(call)
    if (waits >= 0) this.queue.splice(waits, 1)
    const why = signal.reason instanceof Error ? signal.reason.message : String(signal.reason)
    call.reject(waits >= 0 ? new FunctionFailed(call.fn, `${call.fn} was not called: ${why}`, '', { failureClass: 'retry', mayHaveHappened: false }) : new FunctionFailed(call.fn, `${call.fn} was given up: ${why}`, ''))
  }

  private pump(): void {
    for (const slot of this.slots) if (slot.thread.isReady && !slot.call) this.give(slot)
    const starting = [...this.slots].filter(slot => !slot.thread.isReady).length
    if (this.queue.length > starting && this.slots.size < this.options.threads) this.start()
  }

  private start(): void {
    const slot: Slot = {
      call: undefined,
      cancelDeadline: () => undefined,
      thread: new ThreadHandle(this.options, {
        ready: () => this.give(slot),
        message: message => this.receive(slot, message),
        gone: (reason, loaded) => this.gone(slot, reason, loaded),
      }),
    }
    this.slots.add(slot)
  }

  private give(slot: Slot): void {
    const call = this.queue.shift()
    if (!call) return slot.thread.idle()
    slot.thread.busy()
    slot.call = call
    slot.cancelDeadline = patientTimer(this.options.timer, () => setImmediate(() => this.expire(slot, call)), this.options.deadlineMs)
    slot.thread.post({ type: 'call', id: call.id, fn: call.fn, input: call.input })
  }

  /** After a turn of the event loop: when this process itself was held up, the answer may already be waiting behind the timer. */
  private expire(slot: Slot, call: Call): void {
    if (slot.call !== call) return
    call.reject(new FunctionTimeout(call.fn, this.options.deadlineMs))
    slot.thread.end(`was stuck in ${call.fn}`)
  }

  private receive(slot: Slot, message: FromThread): void {
    const call = slot.call
    if (message.type === 'ask' && call?.id === message.id) {
      this.tell(slot, message, call)
    } else if (message.type === 'stray') {
      if (!call) return this.options.onPrint?.(message.error.stack)
      this.settle(slot, () => call.reject(this.options.failed(call.fn, message.error)))
    } else if (call && (message.type === 'returned' || message.type === 'threw') && message.id === call.id) {
      this.settle(slot, () => (message.type === 'returned' ? call.resolve(message.value) : call.reject(this.options.failed(call.fn, message.error))))
    }
  }

  private tell({ thread }: Slot, { id, n, what, args }: Extract<FromThread, { type: 'ask' }>, { answer }: Call): void {
    const untold = (error: unknown): void => thread.post({ type: 'untold', id, n, message: error instanceof Error ? error.message : String(error) })
    if (!answer) return untold(`nobody answers '${what}' here`)
    answer(what, args).then(value => thread.post({ type: 'told', id, n, value }), untold)
  }

  private settle(slot: Slot, tell: () => void): void {
    slot.cancelDeadline()
    slot.call = undefined
    tell()
    this.give(slot)
  }

  private gone(slot: Slot, reason: string, loaded: boolean): void {
    slot.cancelDeadline()
    this.slots.delete(slot)
    const call = slot.call
    call?.reject(new FunctionFailed(call.fn, `the thread of ${call.fn} ${reason}`, ''))
    if (this.closed || reason === 'was idle') return
    this.options.onReplaced(reason, call?.fn ?? null)
    if (loaded) return this.pump()
    for (const waiting of this.queue.splice(0)) waiting.reject(new FunctionFailed(waiting.fn, `a configuration thread ${reason}`, ''))
  }
}
