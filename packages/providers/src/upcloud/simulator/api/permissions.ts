import { invalid, notFound } from '../api-error.js'
import { requiredText, unwrap, type Fields } from '../fields.js'
import type { Account } from '../world.js'
import { isMain, requireMain } from './access.js'
import { noContent, ok, type Answer, type Call } from './call.js'

type Access = 'serverAccess' | 'storageAccess' | 'networkAccess' | 'tagAccess'

/** What the simulator keeps apart; other kinds of things are everybody's. */
const accessOf: { [target: string]: Access } = { server: 'serverAccess', storage: 'storageAccess', network: 'networkAccess', tag_access: 'tagAccess' }

function asked(call: Call): { account: Account; access: string[]; fields: Fields; identifier: string } {
  requireMain(call.account)
  const fields = unwrap(call.body, 'permission', ['user', 'target_type', 'target_identifier', 'options'])
  const user = requiredText(fields, 'user')
  const account = call.world.accounts.get(user)
  if (!account || account.main !== call.account.main || isMain(account)) throw notFound('user', user)
  const name = accessOf[requiredText(fields, 'target_type')]
  if (!name) throw invalid('TARGET_TYPE_INVALID', 'The simulator has permissions for server, storage, network and tag_access.')
  return { account, access: account[name], fields, identifier: requiredText(fields, 'target_identifier') }
}

export function grantPermission(call: Call): Answer {
  const { access, fields, identifier } = asked(call)
  if (!access.includes(identifier)) access.push(identifier)
  return ok({ permission: fields })
}

export function revokePermission(call: Call): Answer {
  const { access, identifier } = asked(call)
  const index = access.indexOf(identifier)
  if (index < 0) throw notFound('permission', identifier)
  access.splice(index, 1)
  return noContent
}

export function listPermissions({ world, account }: Call): Answer {
  const subaccounts = [...world.accounts.values()].filter(one => one.main === account.main && !isMain(one) && (isMain(account) || one === account))
  const permissions = subaccounts.flatMap(one => Object.entries(accessOf).flatMap(([target, name]) => one[name].map(identifier => ({
    options: { storage: 'yes' }, target_identifier: identifier, target_type: target, user: one.username,
  }))))
  return ok({ permissions: { permission: permissions } })
}
