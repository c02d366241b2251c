import { portIsFree } from '@yardmaster/cli/local'

/** Below those that the system takes for outgoing connections: what stands free while a process is started again stays free. */
const FIRST = 10_000
const LAST = 31_999

let next = FIRST + ((process.pid * 97) % (LAST - FIRST))

/** A port for a server of a test, which keeps it while it is down. Each test process begins elsewhere. */
export async function testPort(): Promise<number> {
  for (;;) {
    const port = next = next >= LAST ? FIRST : next + 1
    if (await portIsFree(port)) return port
  }
}
