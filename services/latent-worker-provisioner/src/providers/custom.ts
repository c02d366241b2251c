import { customProvider } from '@yardmaster/providers'
import type { CustomOpener } from './registry.js'

/** Machines by functions of the configuration: those of the generation that the machines were started for. */
export const customMachines: CustomOpener = ({ threads }, account) => customProvider(account, (fn, args, signal) => threads.callPatiently(fn, { args }, signal))
