import type { Json } from '@yardmaster/domain'
import { invalid } from '../api-error.js'
import { billOf, type BillLine } from '../bill.js'
import { ok, param, type Answer, type Call } from './call.js'

const sum = (lines: readonly BillLine[]) => Math.round(lines.reduce((total, { amount }) => total + amount, 0) * 1e6) / 1e6

function group(lines: readonly BillLine[]): { [key: string]: Json } {
  const resources = [...new Set(lines.map(({ resource }) => resource))].map(resource => {
    const own = lines.filter(line => line.resource === resource)
    const details = own.map(({ amount, hours, zone, items }) => ({ amount, hours: Math.ceil(hours), zone, ...detailOf(items) }))
    return { amount: sum(own), details, hours: Math.ceil(own.reduce((hours, line) => hours + line.hours, 0)), resource_id: resource }
  })
  return { resources, total_amount: sum(lines) }
}

function detailOf(items: BillLine['items']): { [key: string]: Json } {
  const [item = '', units = 0] = Object.entries(items)[0] ?? []
  if (item.startsWith('server_plan_')) return { plan: item.slice('server_plan_'.length) }
  if (item.startsWith('storage_')) return { size: units }
  return item === 'server_core' ? { cores: units, memory: items['server_memory'] ?? 0 } : {}
}

/** What was begun in a month (YYYY-MM). */
export function billingSummary(call: Call): Answer {
  const month = param(call, 'month')
  if (!/^\d{4}-(0[1-9]|1[0-2])$/.test(month)) throw invalid('YEAR_MONTH_INVALID', `'${month}' is no month such as 2026-01.`)
  const { currency, lines } = billOf(call.world, call.account.main)
  const wanted = call.query.get('resource_id')
  const own = lines.filter(({ from, resource }) => new Date(from).toISOString().startsWith(month) && (!wanted || resource === wanted))
  const of = (kind: BillLine['kind']) => own.filter(line => line.kind === kind)
  const category = (kind: BillLine['kind'], name: string) => ({ [name]: group(of(kind)), total_amount: sum(of(kind)) })
  return ok({
    currency, networks: category('address', 'ipv4_address'), servers: category('server', 'server'), storages: category('storage', 'storage'), total_amount: sum(own),
  })
}
