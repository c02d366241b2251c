import type { Hello } from '@yardmaster/worker-protocol'

/** Nothing is wrong with the worker: it may try again, here or elsewhere. */
export class NotTakenIn extends Error {
  override readonly name = 'NotTakenIn'
}

/** What a worker says of itself when it connects, whatever wire it speaks. */
export type Newcomer = Pick<Hello, 'process' | 'version' | 'labels' | 'once' | 'held' | 'can'> & { info: { basedir: string; platform: string } & { [name: string]: string | number } }
