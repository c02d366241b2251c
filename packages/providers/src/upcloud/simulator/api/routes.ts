import { createSubaccount, createToken, deleteSubaccount, deleteToken, getAccount, getAccountDetails, getToken, listAccounts, listTokens, modifySubaccount } from './account.js'
import { assignAddress, getAddress, listAddresses, modifyAddress, releaseAddress } from './addresses.js'
import { billingSummary } from './billing.js'
import type { Handler } from './call.js'
import { listDevices, listHosts, listPlans, listPrices, listServerSizes, listTimezones, listZones, noObjectStorages, noPeerings, nothing } from './catalogue.js'
import { createServer } from './create-server.js'
import { addInterface, attachStorage, changeCdrom, detachStorage, getNetworking, modifyInterface, removeInterface } from './devices.js'
import { createRule, deleteRule, getRule, listRules, replaceRules } from './firewall.js'
import { createNetwork, deleteNetwork, getNetwork, listNetworks, modifyNetwork } from './networks.js'
import { grantPermission, listPermissions, revokePermission } from './permissions.js'
import { createRouter, deleteRouter, getRouter, listRouters, modifyRouter } from './routers.js'
import { addGroupMember, createGroup, deleteGroup, getGroup, listGroups, modifyGroup, removeGroupMember } from './server-groups.js'
import { getServer, listServers, modifyServer, relocateServer, removeServer, restartServer, startServer, stopServer, tagServer, untagServer } from './servers.js'
import { getImport, importStorage } from './storage-import.js'
import {
  backupStorage, cancelStorageOperation, cloneStorage, createStorage, favorite, getStorage, isStorageSegment, listStorages, modifyStorage, removeStorage, resizeFilesystem, restoreBackup, templatizeStorage,
} from './storages.js'
import { createTag, deleteTag, getTag, listTags, modifyTag } from './tags.js'

/** /storage/X is a kind of storages, or one storage. */
const storagesOrOne: Handler = call => (isStorageSegment(call.params['uuid'] ?? '') ? listStorages({ ...call, params: { segment: call.params['uuid'] ?? '' } }) : getStorage(call))

/** Path (after /1.3) -> method -> what answers it. */
const table: { [path: string]: { [method: string]: Handler } } = {
  '/account': { GET: getAccount },
  '/account/list': { GET: listAccounts },
  '/account/details/:username': { GET: getAccountDetails },
  '/account/sub': { POST: createSubaccount },
  '/account/sub/:username': { PUT: modifySubaccount, DELETE: deleteSubaccount },
  '/account/tokens': { GET: listTokens, POST: createToken },
  '/account/tokens/:id': { GET: getToken, DELETE: deleteToken },
  '/account/billing/summary/:month': { GET: billingSummary },
  '/permission': { GET: listPermissions },
  '/permission/grant': { POST: grantPermission },
  '/permission/revoke': { POST: revokePermission },
  '/network-peering': { GET: noPeerings },
  '/object-storage': { GET: noObjectStorages },
  '/device/availability': { GET: listDevices },
  '/host': { GET: listHosts },
  '/zone': { GET: listZones },
  '/plan': { GET: listPlans },
  '/price': { GET: listPrices },
  '/timezone': { GET: listTimezones },
  '/server_size': { GET: listServerSizes },
  '/server': { GET: listServers, POST: createServer },
  '/server/:uuid': { GET: getServer, PUT: modifyServer, DELETE: removeServer },
  '/server/tag/:tags': { GET: listServers },
  '/server/:uuid/cdrom/:verb': { POST: changeCdrom },
  '/server/:uuid/firewall_rule': { GET: listRules, POST: createRule, PUT: replaceRules },
  '/server/:uuid/firewall_rule/:position': { GET: getRule, DELETE: deleteRule },
  '/server/:uuid/start': { POST: startServer },
  '/server/:uuid/stop': { POST: stopServer },
  '/server/:uuid/restart': { POST: restartServer },
  '/server/:uuid/relocate': { POST: relocateServer },
  '/server/:uuid/tag/:tags': { POST: tagServer },
  '/server/:uuid/untag/:tags': { POST: untagServer },
  '/server/:uuid/storage/attach': { POST: attachStorage },
  '/server/:uuid/storage/detach': { POST: detachStorage },
  '/server/:uuid/networking': { GET: getNetworking },
  '/server/:uuid/networking/interface': { POST: addInterface },
  '/server/:uuid/networking/interface/:index': { PUT: modifyInterface, DELETE: removeInterface },
  '/storage': { GET: listStorages, POST: createStorage },
  '/storage/:uuid': { GET: storagesOrOne, PUT: modifyStorage, DELETE: removeStorage },
  '/storage/:uuid/clone': { POST: cloneStorage },
  '/storage/:uuid/templatize': { POST: templatizeStorage },
  '/storage/:uuid/backup': { POST: backupStorage },
  '/storage/:uuid/restore': { POST: restoreBackup },
  '/storage/:uuid/resize': { POST: resizeFilesystem },
  '/storage/:uuid/import': { GET: getImport, POST: importStorage },
  '/storage/:uuid/cancel': { POST: cancelStorageOperation },
  '/storage/:uuid/favorite': { POST: favorite, DELETE: favorite },
  '/tag': { GET: listTags, POST: createTag },
  '/tag/:name': { GET: getTag, PUT: modifyTag, DELETE: deleteTag },
  '/ip_address': { GET: listAddresses, POST: assignAddress },
  '/ip_address/:address': { GET: getAddress, PUT: modifyAddress, PATCH: modifyAddress, DELETE: releaseAddress },
  '/network': { GET: listNetworks, POST: createNetwork },
  '/network/:uuid': { GET: getNetwork, PUT: modifyNetwork, DELETE: deleteNetwork },
  '/router': { GET: listRouters, POST: createRouter },
  '/router/:uuid': { GET: getRouter, PATCH: modifyRouter, DELETE: deleteRouter },
  '/server-group': { GET: listGroups, POST: createGroup },
  '/server-group/:uuid/servers': { POST: addGroupMember },
  '/server-group/:uuid/servers/:server': { DELETE: removeGroupMember },
  '/server-group/:uuid': { GET: getGroup, PATCH: modifyGroup, DELETE: deleteGroup },
}

/** Asked for by clients that list all that an account has. */
for (const product of ['kubernetes', 'database', 'load-balancer', 'gateway', 'object-storage-2', 'file-storage']) table[`/${product}`] = { GET: nothing }

const routes = Object.entries(table).map(([path, methods]) => ({ parts: path.split('/').slice(1), methods }))

function paramsOf(parts: readonly string[], segments: readonly string[]): { [name: string]: string } | null {
  if (parts.length !== segments.length) return null
  const params: { [name: string]: string } = {}
  for (const [index, part] of parts.entries()) {
    const segment = segments[index] ?? ''
    if (part.startsWith(':')) params[part.slice(1)] = segment
    else if (part !== segment) return null
  }
  return params
}

export type Found = { handler: Handler; params: { [name: string]: string } }

/** null: it is no text. */
function segmentsOf(path: string): string[] | null {
  try {
    return path.replace(/\/+$/, '').split('/').slice(1).map(decodeURIComponent)
  } catch {
    return null
  }
}

/** 'path': there is nothing; 'method': it is not done that way. A slash at the end is as good as none. */
export function findRoute(method: string, path: string): Found | 'path' | 'method' {
  const segments = segmentsOf(path)
  if (segments === null) return 'path'
  let answer: 'path' | 'method' = 'path'
  for (const { parts, methods } of routes) {
    const params = paramsOf(parts, segments)
    if (params === null) continue
    const handler = methods[method]
    if (handler) return { handler, params }
    answer = 'method'
  }
  return answer
}
