import type { Hello } from '@yardmaster/worker-protocol'

/** What a worker says of itself when it connects, whatever wire it speaks. */
export type Newcomer = Pick<Hello, 'process' | 'version' | 'labels' | 'once' | 'held'> & { info: { basedir: string; platform: string } & { [name: string]: string | number } }
