import { HookError } from '@yardmaster/integrations'
import { raw, Router, type NextFunction, type Request, type RequestHandler, type Response } from 'express'
import { addressKey } from '../access/client-key.js'
import type { Deps } from '../deps.js'
import { createIntake, type DeliveryIntake } from '../do/delivery-intake.js'
import { bodyBudget } from './bounds.js'
import { baseHook } from './hooks/base-hook.js'
import type { ConfiguredHook, HookDoor, HookName, ReadMessage } from './hooks/door.js'
import { hostHook } from './hooks/host-hook.js'
import { pollerHook } from './hooks/poller-hook.js'

const MiB = 1024 * 1024
/** GitHub's own limit for a payload. */
const largestBody = 25 * MiB
/** Of bodies that are in memory before it is known who sends them. */
const bodies = { largest: largestBody, ofOne: 4 * largestBody, total: 16 * largestBody }

type Entrance = {
  /** Throws HookError where there is no such hook. */
  check(deps: Deps): void
  read(deps: Deps, request: Request): ReadMessage | Promise<ReadMessage>
}
const entrance = <Name extends HookName>(name: Name, door: HookDoor<Name>): Entrance => ({ check: deps => void configured(deps, name), read: (deps, request) => door(deps, request, configured(deps, name)) })

const doors: { [Name in HookName]: Entrance } = {
  base: entrance('base', baseHook), poller: entrance('poller', pollerHook), github: entrance('github', hostHook('github')), gitlab: entrance('gitlab', hostHook('gitlab')), gitea: entrance('gitea', hostHook('gitea')),
  bitbucketCloud: entrance('bitbucketCloud', hostHook('bitbucketCloud')), bitbucketServer: entrance('bitbucketServer', hostHook('bitbucketServer')),
}
const hookNames = Object.keys(doors) as HookName[]

/** As the addresses have it; Forgejo's is Gitea's. */
const pathOf = (name: HookName) => name.toLowerCase()
const byPath = new Map<string, HookName>([...hookNames.map((name): [string, HookName] => [pathOf(name), name]), ['', 'base'], ['forgejo', 'gitea']])

/** Change hooks: POST /change_hook/NAME, answered 2xx only once what was told is committed. They need neither scheduler nor engine. */
export function changeHookRoutes(deps: Deps): Router {
  const router = Router()
  const intake = createIntake(deps.db)
  router.use((request: Request, response: Response, next: NextFunction) => {
    if (request.method === 'POST') next()
    else response.status(405).set('allow', 'POST').type('txt').send('a change hook is called by POST')
  })
  const budget = bodyBudget(bodies)
  const doorOf = (request: Request): Entrance => {
    const path = String(request.params['hook'] ?? '')
    const name = byPath.get(path)
    if (name === undefined) throw new HookError(404, `there is no change hook '${path}': ${namesOf(deps)}`)
    return doors[name]
  }
  const takeBody: RequestHandler = (request, response, next) => {
    doorOf(request).check(deps)
    const given = budget.take(addressKey(request), request.headers)
    if (given === null) return void response.status(503).set({ 'retry-after': '5', connection: 'close' }).type('txt').send('more is being sent to change hooks than is taken at a time: send it again')
    response.once('close', given)
    next()
  }
  router.post(['/', '/:hook'], takeBody, raw({ type: () => true, limit: largestBody }), async (request, response) => {
    await accept({ ...deps, intake }, response, await doorOf(request).read(deps, request))
  })
  router.use((_request: Request, response: Response) => void response.status(404).type('txt').send(`there is no such change hook: ${namesOf(deps)}`))
  router.use((error: unknown, _request: Request, response: Response, next: NextFunction) => {
    if (!isRefusal(error)) return next(error)
    deps.logger.warn({ status: error.status, reason: error.message }, 'a change hook was refused')
    response.status(error.status).type('txt').send(error.message)
  })
  return router
}

/** Ours, and those of the parser (too large, cut off). */
function isRefusal(error: unknown): error is Error & { status: number } {
  return error instanceof Error && 'status' in error && typeof error.status === 'number' && (error.status < 500 || error instanceof HookError)
}

async function accept({ intake, logger, activeGenerations }: Deps & { intake: DeliveryIntake }, response: Response, message: ReadMessage): Promise<void> {
  if ('done' in message) return void response.status(200).type('txt').send(message.done)
  const { source, key, event, changes, note } = message
  const reconciled = activeGenerations().some(({ configuration }) => configuration.changeSources.some(({ reconciles }) => reconciles === source))
  const isNew = await intake.accept({ ...message, reconciled })
  logger.info({ hook: source, delivery: key, event, changes: changes?.length ?? 'later', isNew }, 'a change hook was accepted')
  response.status(isNew && changes?.length !== 0 ? 202 : 200).type('txt').send(isNew ? note : 'this delivery was accepted before')
}

/** Thrown 503s make the host (or a person) send it again once there is a configuration. */
function configured<Name extends HookName>(deps: Deps, name: Name): [ConfiguredHook<Name>, ...ConfiguredHook<Name>[]] {
  const generations = deps.activeGenerations()
  if (generations.length === 0) throw new HookError(503, 'no configuration is active yet: send it again')
  const hooks = generations.flatMap(({ id: generationId, configuration: { changeHooks } }): ConfiguredHook<Name>[] => {
    const config = changeHooks[name]
    return config ? [{ generationId, config }] : []
  })
  // One address for all sets, and the changes go to each of them: a set that wants no secret must not open the door of one that does.
  const [first, ...others] = hooks.some(({ config }) => config.secret !== null) ? hooks.filter(({ config }) => config.secret !== null) : hooks
  if (!first) throw new HookError(404, `The dialect specified, '${pathOf(name)}', wasn't whitelisted in change_hook: ${namesOf(deps)}`)
  return [first, ...others]
}

function namesOf({ activeGenerations }: Deps): string {
  const names = hookNames.filter(name => activeGenerations().some(({ configuration }) => configuration.changeHooks[name] !== null))
  return names.length > 0 ? `the configuration has ${names.map(pathOf).join(', ')}` : `the configuration has none; add changeHooks.github(…), for instance`
}
