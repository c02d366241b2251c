import type { Worker } from 'node:worker_threads'
import type { Timer } from '../host/evaluate.js'
import { startThread } from '../host/thread.js'
import type { FromThread, ToThread } from '../thread/messages.js'
import { MemoryWatch, tooMuch } from './memory-watch.js'
import { patientTimer } from './patient-timer.js'

export type ThreadOptions = {
  code: string
  timer: Timer
  loadDeadlineMs: number
  /** A thread that nobody needs for so long is ended. */
  idleMs: number
  /** How far it stands back behind the service's own work, as of nice(1). */
  nice: number
  /** Bytes of memory of this process. */
  resident: () => number
  onPrint?: (text: string) => void
}

export type ThreadEvents = {
  ready: () => void
  message: (message: FromThread) => void
  /** Exactly once, however it ended; `loaded` is false when the bundle could not even be run. */
  gone: (reason: string, loaded: boolean) => void
}

/** One configuration thread: starting, ready, gone. */
export class ThreadHandle {
  private state: 'starting' | 'ready' | 'gone' = 'starting'
  private readonly worker: Worker
  private readonly current = new SharedArrayBuffer(4)
  private cancel: () => void
  private readonly memory: MemoryWatch

  constructor(private readonly options: ThreadOptions, private readonly events: ThreadEvents) {
    this.worker = startThread({ code: options.code, mode: 'serve', nice: options.nice, current: this.current, ...(options.onPrint ? { onPrint: options.onPrint } : {}) })
    this.cancel = patientTimer(options.timer, () => this.end(`did not finish loading in ${options.loadDeadlineMs / 1000} s`), options.loadDeadlineMs)
    this.memory = new MemoryWatch({
      timer: options.timer, resident: options.resident, ask: () => this.post({ type: 'ping', n: 0 }), takesTooMuch: reason => this.end(reason),
    })
    this.memory.start()
    this.worker.on('message', (message: FromThread) => this.receive(message))
    this.worker.on('error', error => this.end(`died: ${error.message}`))
    this.worker.on('exit', code => this.end(`ended itself (process.exit, code ${code})`))
  }

  get isReady(): boolean {
    return this.state === 'ready'
  }

  /** The step that ran last. */
  get suspect(): number {
    return Atomics.load(new Int32Array(this.current), 0)
  }

  post(message: ToThread): void {
    if (this.state !== 'gone') this.worker.postMessage(message)
  }

  busy(): void {
    this.cancel()
    this.memory.start()
  }

  idle(): void {
    this.cancel()
    this.memory.stop()
    this.cancel = this.options.timer(() => this.end('was idle'), this.options.idleMs)
  }

  /** Ends it at once, even in the middle of a loop. */
  end(reason: string): void {
    if (this.state === 'gone') return
    const loaded = this.state === 'ready'
    this.state = 'gone'
    this.cancel()
    this.memory.stop()
    void this.worker.terminate()
    this.events.gone(reason, loaded)
  }

  private receive(message: FromThread): void {
    if (this.state === 'gone') return
    this.memory.alive()
    if (message.type === 'full') return this.end(tooMuch(message.bytes))
    if (message.type === 'unloadable') return this.end(`could not load the configuration: ${message.error.message}`)
    if (message.type !== 'ready') return this.events.message(message)
    this.state = 'ready'
    this.cancel()
    this.events.ready()
  }
}
