import { util, workers } from '@yardmaster/config'

/** A fleet of like machines, each run by somebody else. */
type Fleet = { platform: string; os: string; arch: string; count: number; maxBuilds: number }

export const fleets: Fleet[] = [
  { platform: 'debian', os: 'linux', arch: 'x64', count: 24, maxBuilds: 4 },
  { platform: 'fedora-stable', os: 'linux', arch: 'x64', count: 16, maxBuilds: 3 },
  { platform: 'fedora-rawhide', os: 'linux', arch: 'x64', count: 10, maxBuilds: 3 },
  { platform: 'fedora-aarch64', os: 'linux', arch: 'arm64', count: 12, maxBuilds: 2 },
  { platform: 'rhel8', os: 'linux', arch: 'x64', count: 12, maxBuilds: 2 },
  { platform: 'rhel9', os: 'linux', arch: 'x64', count: 12, maxBuilds: 2 },
  { platform: 'rhel-ppc64le', os: 'linux', arch: 'ppc64', count: 8, maxBuilds: 2 },
  { platform: 'rhel-s390x', os: 'linux', arch: 's390x', count: 8, maxBuilds: 2 },
  { platform: 'ubuntu', os: 'linux', arch: 'x64', count: 18, maxBuilds: 4 },
  { platform: 'ubuntu-arm', os: 'linux', arch: 'arm64', count: 6, maxBuilds: 1 },
  { platform: 'raspbian', os: 'linux', arch: 'arm', count: 6, maxBuilds: 1 },
  { platform: 'alpine', os: 'linux', arch: 'x64', count: 6, maxBuilds: 2 },
  { platform: 'arch', os: 'linux', arch: 'x64', count: 6, maxBuilds: 2 },
  { platform: 'freebsd14', os: 'freebsd', arch: 'x64', count: 8, maxBuilds: 2 },
  { platform: 'freebsd15', os: 'freebsd', arch: 'x64', count: 6, maxBuilds: 2 },
  { platform: 'macos-x64', os: 'macos', arch: 'x64', count: 8, maxBuilds: 1 },
  { platform: 'macos-arm64', os: 'macos', arch: 'arm64', count: 12, maxBuilds: 1 },
  { platform: 'windows10', os: 'windows', arch: 'x64', count: 8, maxBuilds: 2 },
  { platform: 'windows11', os: 'windows', arch: 'x64', count: 8, maxBuilds: 2 },
  { platform: 'solaris', os: 'solaris', arch: 'sparc', count: 6, maxBuilds: 1 },
]

export const machinesOf = ({ platform, count }: Fleet): string[] => Array.from({ length: count }, (_, index) => `${platform}-${index + 1}`)

export const allWorkers = fleets.flatMap(fleet => machinesOf(fleet).map(name => workers.worker({
  name, password: util.secret(`worker-${name}`), maxBuilds: fleet.maxBuilds, labels: { os: fleet.os, arch: fleet.arch },
  properties: { parallel: fleet.maxBuilds > 2 ? 8 : 2 }, notifyOnMissing: [`owner-of-${name}@example.org`], missingTimeout: '2h',
})))
