import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findExecutable } from '@yardmaster/cli/local'
import { programsFolder } from './servers.js'
import { until } from './until.js'

export type ProxyProgram = 'nginx' | 'haproxy'

const files: { [program in ProxyProgram]: string } = { nginx: 'nginx.conf', haproxy: 'haproxy.cfg' }

export const proxyProgram = (program: ProxyProgram): string | null => findExecutable(program, [join(programsFolder, 'usr/sbin')])

type Options = { program: ProxyProgram; port: number; upstream: number; /** What else is different from the example. */ edit?(configuration: string): string }

/** The example of deploy/proxies, without TLS, in front of a port of this machine. */
export async function startReverseProxy({ program, port, upstream, edit = text => text }: Options): Promise<{ stop(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'yardmaster-proxy-'))
  const file = join(folder, files[program])
  writeFileSync(file, whole[program](edit(localized(program, port, upstream)), folder))
  const child = spawn(proxyProgram(program) ?? '', program === 'nginx' ? ['-c', file, '-p', folder] : ['-db', '-f', file], { stdio: ['ignore', 'pipe', 'pipe'] })
  const said: string[] = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => said.push(String(chunk)))
  const ended = once(child, 'exit')
  await until(`${program} listens`, () => {
    if (child.exitCode !== null) throw new Error(`${program} ended:\n${said.join('')}`)
    return accepts(port)
  })
  return {
    async stop() {
      child.kill('SIGTERM')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function localized(program: ProxyProgram, port: number, upstream: number): string {
  const example = readFileSync(join(import.meta.dirname, '../../deploy/proxies', files[program]), 'utf8').replaceAll('127.0.0.1:8010', `127.0.0.1:${upstream}`)
  return program === 'nginx' ? example.replace(/listen 443 ssl http2;/, `listen 127.0.0.1:${port};`).replaceAll(/^ *ssl_.*\n/gm, '') : example.replace(/bind :443 ssl .*/, `bind 127.0.0.1:${port}`)
}

/** What the system's own main file has around it. */
const whole: { [program in ProxyProgram]: (configuration: string, folder: string) => string } = {
  haproxy: configuration => configuration,
  nginx: (configuration, folder) => `daemon off; pid ${folder}/pid; error_log stderr; events {} http { access_log off; gzip on;
    ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(kind => `${kind}_temp_path ${folder}/${kind};`).join(' ')}
    ${configuration} }`,
}

function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  return Promise.race([once(socket, 'connect').then(() => true), once(socket, 'error').then(() => false)]).catch(() => false).finally(() => socket.destroy())
}
