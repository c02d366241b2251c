import { platform } from 'node:os'
import { proc } from './proc.js'
import { macosPs, processesByPs } from './ps.js'
import type { Processes } from './processes.js'

/** Where nothing can be told of processes, a command's first process is all that can be ended. */
const none: Processes = { list: () => [], marks: () => new Map(), identify: () => null }

function ofThisSystem(): Processes {
  const system = platform()
  if (system === 'linux') return proc
  if (system === 'darwin') return processesByPs(macosPs)
  return system.endsWith('bsd') ? processesByPs(['-axeww']) : none
}

export const processes = ofThisSystem()
