import { transaction, type Database, type Fence } from '@yardmaster/db'
import { noteWorkerStatus, type WorkerStatus } from '@yardmaster/db/verbs/note-worker-status'

/** What workers say of their load, until it is written: the last word of each, all together. */
export class StatusReports {
  #reports = new Map<number, WorkerStatus>()

  add(workerId: number, { load1, diskFreeBytes, memoryFreeBytes }: WorkerStatus): void {
    this.#reports.set(workerId, { load1, diskFreeBytes, memoryFreeBytes })
  }

  /** What cannot be written is not kept: the next report is half a minute away. */
  async write(db: Database, fence: Fence): Promise<void> {
    if (this.#reports.size === 0) return
    const reports = [...this.#reports].map(([workerId, status]) => ({ workerId, status }))
    this.#reports = new Map()
    await transaction(db, fence, tx => noteWorkerStatus(tx, fence.replicaId, reports))
  }
}
