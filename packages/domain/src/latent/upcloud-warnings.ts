import type { Renderable } from '../renderable.js'

/** `option` is a path such as `hostconfig.userData`. */
export type UpcloudWarning = { option: string; message: string }

/** What is known of the image: null is not known. */
export type ImageFacts = { /** Without cloud-init: set up by UpCloud itself, in an older way. */ native: boolean | null }

/** The templates without cloud-init of June 2026. */
const nativeTitles = /^(CentOS Stream 9|Rocky Linux 8|AlmaLinux 8|Debian GNU\/Linux (8|9|10|11)\b|Windows|Plesk)/

/** By a template's title alone. */
export const isNativeTitle = (title: string): boolean | null => (nativeTitles.test(title) ? true : null)

const tiers = ['maxiops', 'standard', 'hdd']
const userDataStarts = /^(#!|#cloud-config|#cloud-boothook|#include|#upstart-job|#part-handler|## template:|Content-Type: multipart|https?:\/\/)/

/**
 * What the API would refuse, or the machine ignore, as far as the options say it without a build: what is rendered for each build is not judged.
 * `options` are the machine's, rendered or not.
 */
export function upcloudWarnings(options: { [name: string]: Renderable }, image: ImageFacts): UpcloudWarning[] {
  const host = recordOf(options['hostconfig']) ?? {}
  const at = (option: string, message: string): UpcloudWarning => ({ option: `hostconfig.${option}`, message })
  return [
    ...keyWarnings(host['sshKeys'], image).map(message => at('sshKeys', message)),
    ...userDataWarnings(host['userData']).map(message => at('userData', message)),
    ...sizeWarnings(host, at),
    ...(host['metadata'] === false && !isEmptyText(host['userData']) ? [at('metadata', 'without the metadata service the machine does not find its userData: leave metadata out')] : []),
    ...(typeof host['storageTier'] === 'string' && !tiers.includes(host['storageTier']) ? [at('storageTier', `'${host['storageTier']}' is none of ${tiers.join(', ')}`)] : []),
    ...(typeof host['hostname'] === 'string' && !/^[A-Za-z0-9]([A-Za-z0-9.-]{0,126}[A-Za-z0-9])?$/.test(host['hostname'])
      ? [at('hostname', `'${host['hostname']}' is no host name: letters, digits, '-' and '.'`)] : []),
    ...(host['publicNetwork'] === false && host['utilityNetwork'] === false && Array.isArray(host['networks']) && host['networks'].length === 0
      ? [at('publicNetwork', 'the machine would have no network at all')] : []),
    ...labelWarnings(recordOf(host['labels']) ?? {}).map(message => at('labels', message)),
  ]
}

/** A record that is no renderable itself. */
function recordOf(value: Renderable | undefined): { [key: string]: Renderable } | null {
  const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isRecord && !Object.keys(value).some(key => key.startsWith('$')) ? value : null
}

const isEmptyText = (value: Renderable | undefined): boolean => value === undefined || value === null || (typeof value === 'string' && value.trim() === '')

function keyWarnings(value: Renderable | undefined, { native }: ImageFacts): string[] {
  const keys = (Array.isArray(value) ? value : [value]).filter((key): key is string => typeof key === 'string' && key !== '')
  const odd = keys.filter(key => !/^(ssh-|ecdsa-|sk-)\S+ +[A-Za-z0-9+/=]+/.test(key.trim()))
  return [
    ...odd.map(key => (key.includes('PRIVATE KEY') ? 'holds a private key: give the public one, and make a new pair, since this one has been in a file' : `'${key.slice(0, 20)}…' does not look like a public key, such as 'ssh-ed25519 AAAA…'`)),
    ...(native === true && Array.isArray(value) && value.length > 1 ? ['images without cloud-init, as this one, take one SSH key: the others may be ignored'] : []),
    ...(native === true && keys.some(key => !key.trim().startsWith('ssh-rsa ')) ? ['images without cloud-init, as this one, may take RSA keys only: ssh-rsa …'] : []),
  ]
}

/** Of an interpolation the beginning is known. */
function userDataWarnings(value: Renderable | undefined): string[] {
  const text = typeof value === 'string' ? value : recordOrInterpolation(value)
  if (text === null || text.trim() === '' || text.trimStart().startsWith('%(') || userDataStarts.test(text.trimStart())) return []
  return ["does not begin with '#!', '#cloud-config' or 'http', so the machine ignores it: begin a script with #!/bin/sh"]
}

function recordOrInterpolation(value: Renderable | undefined): string | null {
  const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isRecord && '$interpolate' in value && typeof value['$interpolate'] === 'string' ? value['$interpolate'] : null
}

function sizeWarnings(host: { [name: string]: Renderable }, at: (option: string, message: string) => UpcloudWarning): UpcloudWarning[] {
  const { plan, coreNumber, memoryAmount, osDiskSize } = host
  const said = (value: Renderable | undefined): boolean => value !== undefined && value !== null
  const named = typeof plan === 'string' && plan !== 'custom'
  return [
    ...(typeof osDiskSize === 'number' && osDiskSize < 10 ? [at('osDiskSize', `${osDiskSize} GiB is less than a disk may have: at least 10, and no less than the image`)] : []),
    ...(named && said(coreNumber) ? [at('coreNumber', `goes with the plan 'custom' only, and is not used with '${plan}'`)] : []),
    ...(named && said(memoryAmount) ? [at('memoryAmount', `goes with the plan 'custom' only, and is not used with '${plan}'`)] : []),
    ...(plan === 'custom' && !said(coreNumber) ? [at('coreNumber', "is not said for the plan 'custom': it will be 1")] : []),
    ...(plan === 'custom' && !said(memoryAmount) ? [at('memoryAmount', "is not said for the plan 'custom': it will be 1024 MiB")] : []),
    ...(typeof memoryAmount === 'number' && memoryAmount % 1024 !== 0 ? [at('memoryAmount', `${memoryAmount} MiB is no multiple of 1024, which the API takes`)] : []),
  ]
}

function labelWarnings(labels: { [key: string]: Renderable }): string[] {
  return Object.entries(labels).flatMap(([key, value]) => [
    ...(/^[ -~]{2,32}$/.test(key) && !key.startsWith('_') ? [] : [`'${key}' is no key of a label: 2 to 32 printable ASCII characters, the first one not '_'`]),
    ...(key.startsWith('yardmaster-') ? [`'${key}' is one of Yardmaster's own`] : []),
    ...(typeof value === 'string' && !/^[ -~]{0,255}$/.test(value) ? [`the value of '${key}' is not of at most 255 printable ASCII characters`] : []),
  ])
}
