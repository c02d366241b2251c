import type { FunctionRef, Result, StepEffect, StepEffectOutcome, StepInput } from '@yardmaster/domain'
import type { FromThread, Thrown } from '../thread/messages.js'
import { FunctionFailed, ThreadReplaced } from './errors.js'
import { ThreadHandle } from './thread-handle.js'
import type { ThreadOptions } from './thread-handle.js'

export type LongOptions = ThreadOptions & {
  threads: number
  pingMs: number
  /** Pings without an answer after which a thread counts as stuck. */
  unanswered: number
  /** How long a step that was stopped may take to end by itself. */
  stopMs: number
  failed: (fn: string, thrown: Thrown) => FunctionFailed
  onReplaced: (reason: string, fn: string | null) => void
}

export type Perform = (effect: StepEffect) => Promise<StepEffectOutcome>

type Step = { id: number; fn: string; input: StepInput; begun: boolean; perform: Perform; resolve: (result: Result) => void; reject: (error: unknown) => void }
type Slot = { thread: ThreadHandle; steps: Map<number, Step>; pings: number; answered: number; cancelPing: () => void; /** A step that was given up still runs on it, so it gets no more. */ haunted: boolean }

/** Custom steps, many on each thread. A thread that answers no pings is ended; all steps on it reject with ThreadReplaced. */
export class LongSteps {
  private readonly slots = new Set<Slot>()
  private lastId = 0
  private closed = false

  constructor(private readonly options: LongOptions) {}

  run(fn: FunctionRef, input: StepInput, perform: Perform, signal: AbortSignal): Promise<Result> {
    if (this.closed) return Promise.reject(new Error('the configuration threads are closed'))
    if (signal.aborted) return Promise.reject(signal.reason)
    return new Promise((resolve, reject) => {
      const id = ++this.lastId
      const slot = this.slotForOneMore()
      let cancelStop = (): void => undefined
      const stop = (): void => {
        if (!slot.steps.get(id)?.begun) return this.finish(slot, id, step => step.reject(signal.reason))
        slot.thread.post({ type: 'abort', id, reason: String(signal.reason) })
        cancelStop = this.options.timer(() => this.giveUp(slot, id, signal.reason), this.options.stopMs)
      }
      const ended = <T>(tell: (value: T) => void) => (value: T): void => {
        signal.removeEventListener('abort', stop)
        cancelStop()
        tell(value)
      }
      signal.addEventListener('abort', stop, { once: true })
      if (slot.thread.isReady) slot.thread.busy()
      slot.steps.set(id, { id, fn: fn.$fn, input, begun: false, perform, resolve: ended(resolve), reject: ended(reject) })
      if (slot.thread.isReady) this.begin(slot, id)
    })
  }

  close(): void {
    this.closed = true
    for (const slot of this.slots) slot.thread.end('was closed')
  }

  /** An idle thread, else a new one, else the one with the fewest steps. */
  private slotForOneMore(): Slot {
    const slots = [...this.slots].filter(slot => !slot.haunted).sort((a, b) => a.steps.size - b.steps.size)
    const [least] = slots
    return least && (least.steps.size === 0 || slots.length >= this.options.threads) ? least : this.start()
  }

  private start(): Slot {
    const slot: Slot = {
      steps: new Map(), pings: 0, answered: 0, cancelPing: () => undefined, haunted: false,
      thread: new ThreadHandle(this.options, {
        ready: () => {
          if (slot.steps.size === 0) slot.thread.idle()
          for (const id of slot.steps.keys()) this.begin(slot, id)
          this.ping(slot)
        },
        message: message => this.receive(slot, message),
        gone: (reason, loaded) => this.gone(slot, reason, loaded),
      }),
    }
    this.slots.add(slot)
    return slot
  }

  private begin(slot: Slot, id: number): void {
    const step = slot.steps.get(id)
    if (!step) return
    step.begun = true
    slot.thread.post({ type: 'step', id, fn: step.fn, input: step.input })
  }

  /** Counts turns of this process's own clock, so that a pause of this process ends no thread. */
  private ping(slot: Slot): void {
    if (slot.pings - slot.answered >= this.options.unanswered) return slot.thread.end('did not answer: a step keeps it busy without ever waiting')
    slot.thread.post({ type: 'ping', n: ++slot.pings })
    slot.cancelPing = this.options.timer(() => this.ping(slot), this.options.pingMs)
  }

  private receive(slot: Slot, message: FromThread): void {
    switch (message.type) {
      case 'pong': slot.answered = Math.max(slot.answered, message.n); break
      case 'stepped': this.finish(slot, message.id, step => step.resolve(message.result)); break
      case 'threw': this.finish(slot, message.id, step => step.reject(this.options.failed(step.fn, message.error))); break
      case 'stray': this.finish(slot, message.step ?? this.suspect(slot), step => step.reject(this.options.failed(step.fn, message.error))); break
      case 'effect': void this.perform(slot, message.id, message.effect); break
      case 'ready': case 'returned': case 'ask': case 'described': case 'unloadable': case 'full': break
    }
  }

  private async perform(slot: Slot, id: number, effect: StepEffect): Promise<void> {
    const { n } = effect
    try {
      const step = slot.steps.get(id)
      if (!step) throw new Error('the step has been stopped')
      slot.thread.post({ type: 'outcome', id, n, value: await step.perform(effect) })
    } catch (error) {
      slot.thread.post({ type: 'refused', id, n, message: error instanceof Error ? error.message : String(error) })
    }
  }

  private finish(slot: Slot, id: number, tell: (step: Step) => void): void {
    const step = slot.steps.get(id)
    if (!step) return
    slot.steps.delete(id)
    if (slot.steps.size === 0 && slot.haunted) slot.thread.end('was left behind by a step that did not stop')
    else if (slot.steps.size === 0 && slot.thread.isReady) slot.thread.idle()
    tell(step)
  }

  /** It may spin: whatever came to this thread next would be blamed for it. */
  private giveUp(slot: Slot, id: number, reason: unknown): void {
    slot.haunted = true
    this.finish(slot, id, step => step.reject(reason))
  }

  private suspect(slot: Slot): number {
    const only = slot.haunted ? undefined : slot.steps.size === 1 ? [...slot.steps.keys()][0] : undefined
    return only ?? slot.thread.suspect
  }

  private gone(slot: Slot, reason: string, loaded: boolean): void {
    slot.cancelPing()
    this.slots.delete(slot)
    const suspect = this.suspect(slot)
    if (!this.closed && reason !== 'was idle') this.options.onReplaced(reason, slot.steps.get(suspect)?.fn ?? null)
    for (const step of slot.steps.values()) {
      step.reject(loaded || this.closed ? new ThreadReplaced(step.fn, reason, !this.closed && step.id === suspect) : new FunctionFailed(step.fn, `a configuration thread ${reason}`, ''))
    }
    slot.steps.clear()
  }
}
