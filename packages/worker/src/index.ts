export { readSettings, type Settings } from './settings.js'
export { Worker, type WorkerOptions } from './worker.js'
