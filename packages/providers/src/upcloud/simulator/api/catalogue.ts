import { timezones } from '../catalogue/timezones.js'
import { ok, type Answer, type Call } from './call.js'

export const listZones = ({ world }: Call): Answer => ok({ zones: { zone: world.zones.map(zone => ({ ...zone })) } })

export const listPlans = ({ world }: Call): Answer => ok({ plans: { plan: world.plans.map(plan => ({ ...plan })) } })

export const listPrices = ({ world }: Call): Answer => ok({ prices: { zone: [...world.prices].map(([name, items]) => ({ ...items, name })) } })

export const listTimezones = (): Answer => ok({ timezones: { timezone: timezones() } })

export const listDevices = ({ world }: Call): Answer => ok(Object.fromEntries(world.zones.map(({ id }) => [id, { gpu_plans: {} }])))

/** Hosts of one's own are for private clouds. */
export const listHosts = (): Answer => ok({ hosts: { host: [] } })

/** Products that the simulator does not have: none of them exists. */
export const nothing = (): Answer => ({ status: 200, body: [], compact: true })
export const noPeerings = (): Answer => ok({ network_peerings: { network_peering: [] } })
export const noObjectStorages = (): Answer => ok({ object_storages: { object_storage: [] } })

const mostCores = 20
const mostGibibytes = 128

/** Pairs that a plan of one's own may have. */
export const listServerSizes = (): Answer => ok({
  server_sizes: {
    server_size: Array.from({ length: mostCores * mostGibibytes }, (_, index) => ({
      core_number: String(Math.floor(index / mostGibibytes) + 1), memory_amount: String((index % mostGibibytes + 1) * 1024),
    })),
  },
})

export const isServerSize = (cores: number, memory: number) => cores >= 1 && cores <= mostCores && memory >= 1024 && memory <= mostGibibytes * 1024 && memory % 1024 === 0
