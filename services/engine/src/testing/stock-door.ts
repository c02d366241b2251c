import { createLogger, systemClock, systemRandom } from '@yardmaster/runtime'
import type { CommandSpec, Ended, Output } from '@yardmaster/worker-protocol'
import { until } from '../../../../test/kit/until.js'
import type { Newcomer } from '../wire/newcomer.js'
import { openWorkerDoor, type AfterHello } from '../wire/worker-door.js'
import type { Link } from '../wire/worker-link.js'

export type Ran = Ended & { lines: { [log: string]: string[] }; messages: Output[] }

/** A worker door with nothing behind it: the test is the engine. Workers of the name `s1` with the password `pw` come in. */
export async function openStockDoor() {
  const received: AfterHello[] = []
  const arrivals: { newcomer: Newcomer; link: Link; closed: boolean }[] = []
  const refused: string[] = []
  const clock = systemClock()
  const door = await openWorkerDoor({
    host: '127.0.0.1', port: 0, clock, random: systemRandom(), logger: createLogger({ name: 'test', level: 'silent' }),
    admit({ name, password }) {
      if (name === 's1' && password === 'pw') return Promise.resolve({ name, instanceId: null })
      refused.push(name)
      return Promise.resolve('refused' as const)
    },
    onHello(_guest, newcomer, link) {
      const arrival = { newcomer, link, closed: false }
      arrivals.push(arrival)
      return Promise.resolve({ onMessage: message => { received.push(message) }, onClose: () => { arrival.closed = true } })
    },
  })
  const of = (command: string) => received.filter((message): message is Output | Ended => (message.type === 'output' || message.type === 'ended') && message.command === command)
  const ended = (command: string) => of(command).find((message): message is Ended => message.type === 'ended')
  return {
    url: `ws://127.0.0.1:${door.port}`,
    arrivals, refused, received,
    get link(): Link { return arrivals.at(-1)!.link },
    /** What was said of a command so far. */
    lines(command: string, log = 'stdio'): string[] {
      return of(command).flatMap(message => (message.type === 'output' && message.log === log ? Buffer.from(message.content).toString('utf8').split('\n').slice(0, -1) : []))
    },
    start(command: string, spec: CommandSpec): void {
      this.link.send({ type: 'start', command, ...spec })
    },
    async ended(command: string): Promise<Ran> {
      const end = await until(`the end of ${command}`, () => ended(command))
      const messages = of(command).filter((message): message is Output => message.type === 'output')
      const logs = [...new Set(messages.map(({ log }) => log))]
      return { ...end, messages, lines: Object.fromEntries(logs.map(log => [log, this.lines(command, log)])) }
    },
    run(command: string, spec: CommandSpec): Promise<Ran> {
      this.start(command, spec)
      return this.ended(command)
    },
    /** A file, each piece acknowledged as it comes. */
    async upload(command: string, args: Extract<CommandSpec, { kind: 'upload' }>['args']): Promise<Ran & { content: Buffer }> {
      this.start(command, { kind: 'upload', args })
      await until(`the end of ${command}`, () => {
        for (const { seq } of of(command)) this.link.send({ type: 'ack', command, seq })
        return ended(command)
      })
      const ran = await this.ended(command)
      return { ...ran, content: Buffer.concat(ran.messages.filter(({ log }) => log === 'content').map(({ content }) => content)) }
    },
    close: () => door.close(),
  }
}
