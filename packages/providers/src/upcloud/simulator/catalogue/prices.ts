import { planPrices } from './plans.js'
import type { Zone } from './zones.js'

/** Credits (100 to a unit of the currency) per hour for an amount of something. */
export type Price = { amount: number; price: number }
export type ZonePrices = { [item: string]: Price }

const finland = { core: 1.24, memory: 0.34, hdd: 0.0145, planFactor: 1.5 }
const elsewhere = { core: 1.12, memory: 0.14, hdd: 0.0078, planFactor: 1 }

const toFourDigits = (value: number) => Math.round(value * 10_000) / 10_000

/** What recorded price lists have: Helsinki has prices of its own. */
export function zonePrices(zone: string): ZonePrices {
  const { core, memory, hdd, planFactor } = zone.startsWith('fi-hel') ? finland : elsewhere
  const one = (price: number): Price => ({ amount: 1, price })
  return {
    firewall: one(0.56),
    io_request_backup: { amount: 1_000_000, price: 0 },
    io_request_hdd: { amount: 1_000_000, price: 0 },
    io_request_maxiops: { amount: 1_000_000, price: 0 },
    ipv4_address: one(0.336),
    ipv6_address: one(0),
    network_private_vlan: one(0.694),
    public_ipv4_bandwidth_in: one(0),
    public_ipv4_bandwidth_out: one(1),
    public_ipv6_bandwidth_in: one(0),
    public_ipv6_bandwidth_out: one(1),
    server_core: one(core),
    server_memory: { amount: 256, price: memory },
    ...Object.fromEntries([...planPrices].map(([plan, price]) => [`server_plan_${plan}`, one(toFourDigits(price * planFactor))])),
    storage_backup: one(0.0078),
    storage_hdd: one(hdd),
    storage_maxiops: one(0.031),
    storage_standard: one(0.0118),
    storage_template: one(0.031),
  }
}

export function defaultPrices(zones: readonly Zone[]): Map<string, ZonePrices> {
  return new Map(zones.map(({ id }) => [id, zonePrices(id)]))
}
