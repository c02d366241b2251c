import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Json } from '@yardmaster/domain'
import { z } from 'zod'
import { readBody } from './answer-request.js'
import { ApiError } from './api-error.js'
import { faultRuleSchema, type FaultRule } from './faults.js'
import type { Bill } from './bill.js'
import type { Capacity } from './options.js'
import type { SimulatorState } from './state.js'

/** What only a simulator can do: in code, and under /simulator for callers on the same host. */
export type SimulatorControl = {
  /** Its time, epoch ms. */
  now(): number
  /** Lets `ms` of its time pass at once. */
  advance(ms: number): Promise<void>
  setSpeed(speed: number): void
  /** Answers the rule's id. */
  addFault(rule: FaultRule): string
  /** All of them without an id; answers how many there were. */
  removeFaults(id?: string): number
  faults(): { rule: FaultRule; struck: number; left: number | 'always' }[]
  setCapacity(capacity: Capacity[]): void
  /** Of a main account; the first one if it is left out. */
  bill(account?: string): Bill
  state(): SimulatorState
  /** What the machine printed last. */
  output(server: string): string
  /** As if its system had switched itself off. */
  powerOff(server: string): void
  /** What is stuck or in error goes on. */
  heal(server: string): void
  /** As if somebody had deleted it at the control panel. */
  deleteServer(server: string, withStorages: boolean): void
}

const advanceSchema = z.strictObject({ ms: z.number().nonnegative() })
const speedSchema = z.strictObject({ speed: z.number().positive() })
const capacitySchema = z.array(z.strictObject({ zone: z.string(), plan: z.string(), servers: z.int().nonnegative() }))
const deleteSchema = z.strictObject({ storages: z.boolean().default(true) }).default({ storages: true })

const loopback = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1'])

type Reply = { status?: number; json?: unknown; text?: string }
type Handle = (control: SimulatorControl, about: { body: Json | undefined; id: string; url: URL }) => Reply | Promise<Reply>

const table: { [route: string]: Handle } = {
  'GET /state': control => ({ json: control.state() }),
  'GET /bill': (control, { url }) => ({ json: control.bill(url.searchParams.get('account') ?? undefined) }),
  'GET /faults': control => ({ json: control.faults() }),
  'POST /faults': (control, { body }) => ({ status: 201, json: { id: control.addFault(faultRuleSchema.parse(body)) } }),
  'DELETE /faults': control => ({ json: { removed: control.removeFaults() } }),
  'DELETE /faults/:id': (control, { id }) => ({ json: { removed: control.removeFaults(id) } }),
  'PUT /capacity': (control, { body }) => {
    control.setCapacity(capacitySchema.parse(body))
    return { status: 204 }
  },
  'POST /advance': async (control, { body }) => {
    await control.advance(advanceSchema.parse(body).ms)
    return { json: { now: control.now() } }
  },
  'POST /speed': (control, { body }) => {
    control.setSpeed(speedSchema.parse(body).speed)
    return { json: { now: control.now() } }
  },
  'GET /servers/:id/output': (control, { id }) => ({ text: control.output(id) }),
  'POST /servers/:id/power-off': (control, { id }) => {
    control.powerOff(id)
    return { status: 204 }
  },
  'POST /servers/:id/heal': (control, { id }) => {
    control.heal(id)
    return { status: 204 }
  },
  'POST /servers/:id/delete': (control, { id, body }) => {
    control.deleteServer(id, deleteSchema.parse(body).storages)
    return { status: 204 }
  },
}

/** A route's pattern for a path such as /servers/UUID/heal, and what stands for :id. */
function routeOf(method: string, path: string): { route: string; id: string } {
  const [kind = '', id, ...rest] = path.split('/').filter(part => part !== '')
  const pattern = [kind, ...(id === undefined ? [] : [':id']), ...rest].join('/')
  return { route: `${method} /${pattern}`, id: id ?? '' }
}

function send(response: ServerResponse, { status = 200, json, text }: Reply): void {
  response.statusCode = status
  response.setHeader('Content-Type', text === undefined ? 'application/json' : 'text/plain; charset=utf-8')
  response.end(text ?? (json === undefined ? '' : `${JSON.stringify(json, null, 2)}\n`))
}

/** Answers what is asked under /simulator. */
export async function answerControl(control: SimulatorControl, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://simulator')
  if (!loopback.has(request.socket.remoteAddress ?? '')) {
    send(response, { status: 403, json: { error: 'The simulator is controlled from its own host only.' } })
    return
  }
  const { route, id } = routeOf(request.method ?? 'GET', url.pathname.replace(/^\/simulator/, ''))
  const handle = table[route]
  if (!handle) {
    send(response, { status: 404, json: { error: `There is no ${route}.`, routes: Object.keys(table).map(one => one.replace(' /', ' /simulator/')) } })
    return
  }
  try {
    send(response, await handle(control, { body: await readBody(request), id: decodeURIComponent(id), url }))
  } catch (error) {
    const wrong = error instanceof z.ZodError || error instanceof ApiError || error instanceof SyntaxError
    send(response, { status: wrong ? 400 : 500, json: { error: error instanceof z.ZodError ? z.prettifyError(error) : error instanceof Error ? error.message : String(error) } })
  }
}
