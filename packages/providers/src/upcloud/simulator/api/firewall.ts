import { invalid, notFound } from '../api-error.js'
import { fieldsOf, integer, onlyKnown, oneOf, text, unwrap, attributeMissing, type Fields } from '../fields.js'
import type { FirewallRule, Server } from '../world.js'
import { serverFor } from './access.js'
import { created, noContent, ok, param, type Answer, type Call } from './call.js'

const textFields = [
  'action', 'comment', 'destination_address_end', 'destination_address_start', 'destination_port_end', 'destination_port_start', 'direction', 'family', 'icmp_type', 'protocol', 'source_address_end',
  'source_address_start', 'source_port_end', 'source_port_start',
]

function ruleOf(fields: Fields): FirewallRule {
  onlyKnown(fields, [...textFields, 'position'])
  if (oneOf(fields, 'direction', ['in', 'out']) === undefined) throw attributeMissing('direction')
  if (oneOf(fields, 'action', ['accept', 'reject', 'drop']) === undefined) throw attributeMissing('action')
  return Object.fromEntries(textFields.map(name => [name, typeof fields[name] === 'number' ? String(fields[name]) : text(fields, name) ?? '']))
}

const server = (call: Call): Server => serverFor(call.world, call.account, param(call, 'uuid'))

/** Positions are counted from 1, as strings. */
const view = (rule: FirewallRule, index: number) => ({ ...rule, position: String(index + 1) })

export const listRules = (call: Call): Answer => ok({ firewall_rules: { firewall_rule: server(call).firewallRules.map(view) } })

function ruleAt(call: Call): { rules: FirewallRule[]; index: number; rule: FirewallRule } {
  const rules = server(call).firewallRules
  const index = Number(param(call, 'position')) - 1
  const rule = rules[index]
  if (!rule) throw notFound('firewall rule', param(call, 'position'))
  return { rules, index, rule }
}

export function getRule(call: Call): Answer {
  const { rule, index } = ruleAt(call)
  return ok({ firewall_rule: view(rule, index) })
}

export function createRule(call: Call): Answer {
  const rules = server(call).firewallRules
  const fields = unwrap(call.body, 'firewall_rule', [...textFields, 'position'])
  const position = integer(fields, 'position', { min: 1 }) ?? rules.length + 1
  if (position > rules.length + 1) throw invalid('POSITION_INVALID', `The position ${position} is beyond the end of the rules.`)
  const rule = ruleOf(fields)
  rules.splice(position - 1, 0, rule)
  return created({ firewall_rule: view(rule, position - 1) })
}

export function replaceRules(call: Call): Answer {
  const one = server(call)
  const list = unwrap(call.body, 'firewall_rules', ['firewall_rule'])['firewall_rule'] ?? []
  one.firewallRules = (Array.isArray(list) ? list : []).map(item => ruleOf(fieldsOf(item, 'firewall_rule')))
  return noContent
}

export function deleteRule(call: Call): Answer {
  const { rules, index } = ruleAt(call)
  rules.splice(index, 1)
  return noContent
}
