import { join, resolve } from 'node:path'
import { InvalidArgumentError, type Command } from 'commander'
import type { FaultRule, UpcloudSimulator } from '@yardmaster/providers/upcloud-simulator'
import picocolors from 'picocolors'
import { z } from 'zod'
import type { Context } from '../context.js'
import { errorCode, messageOf, Problem } from '../problem.js'

type Options = {
  port: number
  host: string
  speed: number
  timeScale: number
  seed?: number
  username: string
  password: string
  token: string
  credits: number
  creatingLimit: number
  home: string
  stateFile?: string
  fault: string[]
  exactSeconds?: boolean
  boot: boolean
  json?: boolean
}

function number(least: number): (text: string) => number {
  return text => {
    const value = Number(text)
    if (text.trim() === '' || !Number.isFinite(value) || value < least) throw new InvalidArgumentError(`expected a number from ${least}`)
    return value
  }
}

const knownPassword = 'simulator'
const knownToken = 'ucat_SIMULATOR'

/** Whoever may make a server runs what they like here. */
function refuseOpenDoor({ host, password, token, boot }: Options): void {
  if (!boot || ['127.0.0.1', '::1', 'localhost'].includes(host) || (password !== knownPassword && token !== knownToken)) return
  throw new Problem(`on ${host} others reach the simulator, and what they give a server to run is run on this host: choose a --password and a --token that nobody knows, or --no-boot`)
}

const collect = (text: string, before: string[]) => [...before, text]

async function faultsOf(texts: readonly string[]): Promise<FaultRule[]> {
  const { faultRuleSchema } = await import('@yardmaster/providers/upcloud-simulator')
  return texts.map(text => {
    try {
      return faultRuleSchema.parse(JSON.parse(text))
    } catch (error) {
      throw new Problem(`--fault ${text} is not a fault: ${error instanceof z.ZodError ? z.prettifyError(error) : messageOf(error)}`, { cause: error })
    }
  })
}

async function startSimulator(context: Context, options: Options): Promise<UpcloudSimulator> {
  // Loaded when it is wanted: no other command needs it.
  const { startUpcloudSimulator } = await import('@yardmaster/providers/upcloud-simulator')
  try {
    return await startUpcloudSimulator({
      clock: context.clock, random: context.random, home: resolve(options.home), port: options.port, host: options.host, speed: options.speed, timeScale: options.timeScale, seed: options.seed,
      accounts: [{
        username: options.username, password: options.password, credits: options.credits, creatingLimit: options.creatingLimit,
        tokens: [{ token: options.token, name: 'simulator', canCreateTokens: true }],
      }],
      faults: await faultsOf(options.fault), roundUpToHours: options.exactSeconds !== true, boot: options.boot,
      stateFile: options.stateFile === undefined ? undefined : resolve(options.stateFile),
    })
  } catch (error) {
    if (errorCode(error) === 'EADDRINUSE') throw new Problem(`port ${options.port} of ${options.host} is taken: choose another with --port`, { cause: error })
    throw error
  }
}

function introduce({ print, warn }: Context, simulator: UpcloudSimulator, { username, password, token, boot }: Options): void {
  const { url } = simulator
  print(`UpCloud simulator at ${url}/1.3

yard.config.ts       baseUrl: '${url}/1.3', apiToken: '${token}'
UpCloud's own tools  export UPCLOUD_DEBUG_API_BASE_URL=${url} UPCLOUD_TOKEN=${token}
  (upctl, Terraform, Go)  or UPCLOUD_USERNAME=${username} UPCLOUD_PASSWORD=${password}
Buildbot             base_url='${url}/1.3', api_username='${username}', api_password='${password}'
control              curl ${url}/simulator/state | /simulator/bill | /simulator/faults
`)
  if (boot && !simulator.state().isolated) warn('This host gives machines no files of their own (that takes Linux namespaces): user_data runs with your rights on your files.')
}

function summary(simulator: UpcloudSimulator): string {
  const { servers, storages } = simulator.state()
  const states = [...new Set(servers.map(({ state }) => state))].toSorted().map(state => `${servers.filter(one => one.state === state).length} ${state}`)
  const { total, currency } = simulator.bill()
  const forgotten = storages.filter(one => one.servers.length === 0).length
  return `${states.length === 0 ? 'no servers' : states.join(', ')}; ${storages.length} ${storages.length === 1 ? 'disk' : 'disks'}${forgotten > 0 ? ` (${forgotten} of no server)` : ''}; ${total.toFixed(4)} ${currency}`
}

function report(context: Context, simulator: UpcloudSimulator, json: boolean): void {
  const paint = picocolors.createColors(context.colours)
  const colours: { [state: string]: (text: string) => string } = { started: paint.green, maintenance: paint.yellow, error: paint.red, stopped: paint.dim, deleted: paint.dim }
  simulator.onChange(server => {
    const at = new Date(simulator.now()).toISOString()
    if (json) context.print(JSON.stringify({ at, ...server }))
    else context.print(`${at.slice(11, 19)} ${(colours[server.state] ?? String)(server.state.padEnd(12))}${server.title} (${server.uuid})  ${paint.dim(summary(simulator))}`)
  })
}

/** Resolves at the first signal. */
function stopAsked({ onSignal }: Context): Promise<void> {
  return new Promise(resolveStop => {
    const ignore = onSignal(() => {
      ignore()
      resolveStop()
    })
  })
}

export function addUpcloudSimulator(program: Command, context: Context): void {
  program.command('upcloud-simulator')
    .description('run a cloud of your own: UpCloud\'s API, with servers that boot as processes of this host; Ctrl-C stops it and them')
    .option('--port <port>', 'to listen on; 0: any free one', number(0), 8421)
    .option('--host <address>', 'to listen on', '127.0.0.1')
    .option('--speed <factor>', 'how fast its clock runs', number(0.001), 1)
    .option('--time-scale <factor>', 'of the times that servers take to start and stop (recorded ones: 23 to 133 s, 6 to 35 s)', number(0), 1)
    .option('--seed <number>', 'the same chances each time', number(0))
    .option('--username <name>', 'of the account', 'simulator')
    .option('--password <password>', 'of the account', knownPassword)
    .option('--token <token>', 'API token of the account', knownToken)
    .option('--credits <number>', 'that the account has; 100 are one unit of its currency', number(0), 1_000_000)
    .option('--creating-limit <number>', 'servers that may be in the making at once', number(1), 50)
    .option('--home <folder>', 'where the machines live', join('.yard', 'upcloud-simulator'))
    .option('--state-file <file>', 'keeps the cloud over restarts')
    .option('--fault <json>', 'a fault, as POST /simulator/faults takes it; may be repeated', collect, [])
    .option('--exact-seconds', 'bill seconds, not begun hours')
    .option('--no-boot', 'servers run nothing')
    .option('--json', 'one JSON object per line')
    .addHelpText('after', `
A server's user_data (a script, #cloud-config, or a URL of one) is run when it has started. On Linux with namespaces a machine
has its own processes, host name and copies of what it changes in /etc, /var, /root, /home, /opt, /srv and /usr/local; elsewhere
it runs with your rights on your files. apt-get, systemctl, useradd and the like are stand-ins that need no root.

Examples:
  $ yard upcloud-simulator
  $ yard upcloud-simulator --speed 60 --seed 7 --fault '{"kind":"lostAnswer","match":{"method":"POST","path":"^/server$"}}'
  $ curl http://127.0.0.1:8421/simulator/bill
`)
    .action(async (options: Options) => {
      refuseOpenDoor(options)
      const simulator = await startSimulator(context, options)
      try {
        if (options.json) context.print(JSON.stringify({ url: simulator.url, port: simulator.port, isolated: simulator.state().isolated }))
        else introduce(context, simulator, options)
        report(context, simulator, options.json === true)
        await stopAsked(context)
        if (!options.json) context.print(`stopping: ${summary(simulator)}`)
      } finally {
        await simulator.close()
      }
    })
}
