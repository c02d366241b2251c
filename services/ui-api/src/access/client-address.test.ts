import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { clientAddress, isTrustedProxy, peersOf } from './client-address.js'

function seen(trusted: string[], peer: string | undefined, forwarded?: string) {
  const socket = new Socket()
  Object.defineProperty(socket, 'remoteAddress', { value: peer })
  const request = new IncomingMessage(socket)
  if (forwarded !== undefined) request.headers['x-forwarded-for'] = forwarded
  peersOf(trusted)(request)
  return [clientAddress(request), isTrustedProxy(request)]
}

describe('who asks', () => {
  it.each<{ trusted?: string[]; peer?: string; forwarded?: string; address: string; proxy?: boolean }>([
    { peer: '203.0.113.9', address: '203.0.113.9' },
    { peer: '::ffff:203.0.113.9', address: '203.0.113.9' },
    // Whoever is not trusted may say what he likes.
    { peer: '203.0.113.9', forwarded: '10.0.0.1', address: '203.0.113.9' },
    { trusted: ['10.0.0.0/8'], peer: '203.0.113.9', forwarded: '192.0.2.1', address: '203.0.113.9' },
    { trusted: ['10.0.0.0/8'], peer: '127.0.0.1', forwarded: '192.0.2.1', address: '127.0.0.1' },
    // A proxy on this machine may name addresses unless others are named, and never signs in by itself.
    { peer: '127.0.0.1', forwarded: '192.0.2.1', address: '192.0.2.1' },
    { peer: '::1', forwarded: '2001:db8::7', address: '2001:db8::7' },
    { trusted: ['loopback'], peer: '::ffff:127.0.0.1', forwarded: '192.0.2.1', address: '192.0.2.1', proxy: true },
    { trusted: ['10.0.0.0/8'], peer: '10.2.3.4', forwarded: '192.0.2.1', address: '192.0.2.1', proxy: true },
    { trusted: ['2001:db8:1::/48'], peer: '2001:db8:1::5', forwarded: '192.0.2.1', address: '192.0.2.1', proxy: true },
    // What the client itself put there stands left of what the first proxy that we trust saw.
    { trusted: ['10.0.0.0/8'], peer: '10.2.3.4', forwarded: '127.0.0.1, 192.0.2.1', address: '192.0.2.1', proxy: true },
    { trusted: ['10.0.0.0/8'], peer: '10.2.3.4', forwarded: '127.0.0.1, 192.0.2.1, 10.9.9.9', address: '192.0.2.1', proxy: true },
    { trusted: ['uniquelocal'], peer: '172.18.0.2', forwarded: '192.0.2.1:5512', address: '192.0.2.1', proxy: true },
    { trusted: ['10.0.0.1'], peer: '10.0.0.1', forwarded: '[2001:db8::7]:99', address: '2001:db8::7', proxy: true },
    { trusted: ['10.0.0.1'], peer: '10.0.0.1', forwarded: 'unknown', address: '10.0.0.1', proxy: true },
    { trusted: ['10.0.0.1'], peer: '10.0.0.1', forwarded: '', address: '10.0.0.1', proxy: true },
    { trusted: ['10.0.0.1'], peer: '10.0.0.1', address: '10.0.0.1', proxy: true },
    // Already gone.
    { address: '' },
  ])('$peer of $trusted, forwarded for $forwarded: $address', ({ trusted = [], peer, forwarded, address, proxy = false }) => {
    expect(seen(trusted, peer, forwarded)).toEqual([address, proxy])
  })
})
