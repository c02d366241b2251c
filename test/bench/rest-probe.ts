import { Agent, get } from 'node:http'
import { systemClock } from '@yardmaster/runtime'

export type ProbeOrder = { url: string; gapMs: number } | { report: true }
/** How long each answer took, ms, and the size of the last. */
export type ProbeReport = { took: number[]; bytes: number }

// A process of its own: a busy parent would make every answer seem late.
const clock = systemClock()
const agent = new Agent({ keepAlive: true, maxSockets: 1 })
const report: ProbeReport = { took: [], bytes: 0 }

function read(url: string): Promise<void> {
  const sent = clock.monotonic()
  return new Promise((resolve, reject) => {
    get(url, { agent }, response => {
      let bytes = 0
      response.on('data', (chunk: Buffer) => { bytes += chunk.length }).on('error', reject)
      response.on('end', () => {
        if (response.statusCode !== 200) return reject(new Error(`${url} was answered ${response.statusCode}`))
        report.took.push(clock.monotonic() - sent)
        report.bytes = bytes
        resolve()
      })
    }).on('error', reject)
  })
}

async function probe({ url, gapMs }: { url: string; gapMs: number }): Promise<never> {
  for (;;) {
    await read(url)
    await clock.sleep(gapMs)
  }
}

process.on('message', (order: ProbeOrder) => {
  if ('report' in order) return void process.send?.(report, () => process.exit(0))
  void probe(order)
})
process.on('disconnect', () => process.exit(0))
