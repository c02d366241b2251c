import { Agent } from 'node:http'
import { Agent as SecureAgent } from 'node:https'
import type { Json } from '@yardmaster/domain'
import Docker from 'dockerode'
import { ProviderError } from '../provider-error.js'

export type DockerHost = {
  url: string
  /** Machines at once; null: no limit. */
  max: number | null
  docker: Docker
}

type HostAccount = { url: string; max: number | null; ca: string | null; cert: string | null; key: string | null }

/** What an engine closed while nobody looked would fail the next request, of which nobody could say whether it was heard: a connection for each. */
const agents = { http: new Agent({ keepAlive: false }), https: new SecureAgent({ keepAlive: false }) }

type Options = Docker.DockerOptions & { agent: Agent }

/** What `DOCKER_HOST` and its like say is never meant: every option is set, if only to undefined. */
function open({ url, ca, cert, key }: HostAccount): Docker {
  const common = { host: undefined, port: undefined, socketPath: undefined, ca: ca ?? undefined, cert: cert ?? undefined, key: key ?? undefined, timeout: undefined, headers: {} }
  if (url.startsWith('unix://')) return opened({ ...common, socketPath: url.slice('unix://'.length), protocol: 'http', agent: agents.http })
  if (!URL.canParse(url)) throw unknown(url)
  const { protocol, hostname, port } = new URL(url)
  if (!['tcp:', 'http:', 'https:'].includes(protocol)) throw unknown(url)
  const secure = protocol === 'https:' || ca !== null || cert !== null || key !== null
  return opened({ ...common, host: hostname.replaceAll(/[[\]]/g, ''), port: Number(port || (secure ? 2376 : 2375)), protocol: secure ? 'https' : 'http', agent: secure ? agents.https : agents.http })
}

const opened = (options: Options) => new Docker(options)

const unknown = (url: string) =>
  new ProviderError(`the Docker host '${url}' is no address: unix:///var/run/docker.sock, tcp://host:2375 and https://host:2376 are`, { failureClass: 'configuration' })

export function openHosts(account: { [name: string]: Json }): DockerHost[] {
  const hosts = account['hosts'] as HostAccount[]
  return hosts.map(host => ({ url: host.url, max: host.max, docker: open(host) }))
}

export type RegistryAuth = { serveraddress: string | null; username: string; password: string }

const HUB = 'docker.io'

/** docker.io/library/debian, ghcr.io/a/b:1: the registry comes first where it looks like a host. */
function registryOf(image: string): string {
  const [first = '', ...rest] = image.split('/')
  return rest.length > 0 && (/[.:]/.test(first) || first === 'localhost') ? first : HUB
}

/** Credentials are for one registry; no other gets to see them. */
export function authFor(image: string, auth: RegistryAuth | null): { username: string; password: string; serveraddress: string } | undefined {
  if (auth === null) return undefined
  const host = (auth.serveraddress ?? HUB).replace(/^https?:\/\//, '').replace(/\/.*$/, '').replace(/^(index|registry-1)\.docker\.io$/, HUB)
  return host === registryOf(image) ? { username: auth.username, password: auth.password, serveraddress: host === HUB ? 'https://index.docker.io/v1/' : host } : undefined
}

/** A name without tag or digest would mean every tag there is. */
export function pullQuery(image: string): { fromImage: string; tag: string } {
  const [name = image, digest] = image.split('@')
  if (digest !== undefined) return { fromImage: name, tag: digest }
  const colon = name.lastIndexOf(':')
  return colon > name.lastIndexOf('/') ? { fromImage: name.slice(0, colon), tag: name.slice(colon + 1) } : { fromImage: name, tag: 'latest' }
}
