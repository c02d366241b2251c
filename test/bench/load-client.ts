import { Agent, get } from 'node:http'
import { systemClock } from '@yardmaster/runtime'

export type LoadOrder = { urls: string[]; perSecond: number; headers: { [name: string]: string }; forMs: number }
/** How long each answer of 200 took, ms, from when it was due; how many answers had another status (0: none came). */
export type LoadReport = { took: number[]; others: { [status: number]: number } }

// A process of its own: a busy parent would make every answer seem late.
const clock = systemClock()

/** Requests leave when they are due, whatever became of those before: what a slow server keeps waiting counts as waiting. */
async function load({ urls, perSecond, headers, forMs }: LoadOrder): Promise<LoadReport> {
  const agent = new Agent({ keepAlive: true, maxSockets: 512 })
  const report: LoadReport = { took: [], others: {} }
  const count = Math.round((perSecond * forMs) / 1000)
  const began = clock.monotonic()
  const answers: Promise<void>[] = []
  for (let n = 0; n < count; n++) {
    const due = began + (n * 1000) / perSecond
    const early = due - clock.monotonic()
    if (early > 1) await clock.sleep(early)
    answers.push(read(urls[n % urls.length]!, { agent, headers }).then(status => {
      if (status === 200) report.took.push(clock.monotonic() - due)
      else report.others[status] = (report.others[status] ?? 0) + 1
    }))
  }
  await Promise.all(answers)
  agent.destroy()
  return report
}

function read(url: string, options: { agent: Agent; headers: { [name: string]: string } }): Promise<number> {
  return new Promise(resolve => {
    get(url, options, response => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0)).on('error', () => resolve(0))
    }).on('error', () => resolve(0))
  })
}

process.on('message', (order: LoadOrder) => void load(order).then(report => process.send?.(report, () => process.exit(0))))
process.on('disconnect', () => process.exit(0))
