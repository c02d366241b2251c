import type { ConnectionOptions } from 'nats'

function credentials(url: URL): Partial<ConnectionOptions> {
  const user = decodeURIComponent(url.username)
  if (url.password !== '') return { user, pass: decodeURIComponent(url.password) }
  return user === '' ? {} : { token: user }
}

/** Connection options from `nats://user:password@host:port` (or `token@`, `tls://`); several servers of one cluster are separated by commas. */
export function natsOptions(urls: string): ConnectionOptions {
  const parsed = urls.split(',').map(text => new URL(text.trim()))
  const withCredentials = parsed.find(url => url.username !== '')
  return {
    servers: parsed.map(url => `${url.hostname}:${url.port || '4222'}`),
    ...(withCredentials ? credentials(withCredentials) : {}),
    ...(parsed.some(url => url.protocol === 'tls:') ? { tls: {} } : {}),
  }
}
