/** The worker's machine could not do what every worker can: its disk is full, its base directory is gone. The step ends EXCEPTION, and the worker is to blame. */
export class WorkerTrouble extends Error {
  override readonly name = 'WorkerTrouble'
}
