import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

type Profile = {
  nodes: { id: number; callFrame: { functionName: string; url: string; lineNumber: number } }[]
  samples: number[]
  timeDeltas: number[]
}

const SHOWN = 25

/** Of each CPU profile in the folder: the functions with the most time of their own, as shares of the time that was not idle. */
export function summarizeProfiles(folder: string): string {
  const files = readdirSync(folder).filter(name => name.endsWith('.cpuprofile')).sort()
  return files.map(name => `${name}\n${summarize(JSON.parse(readFileSync(join(folder, name), 'utf8')) as Profile)}`).join('\n\n')
}

function summarize({ nodes, samples, timeDeltas }: Profile): string {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]))
  const own = new Map<string, number>()
  for (const [index, id] of samples.entries()) {
    const { functionName, url, lineNumber } = frames.get(id)!
    const place = url === '' ? '' : ` ${url.replace(/^.*\/(node_modules\/(?!\.pnpm)|packages\/|services\/)/, '').replace(/^file:\/\//, '')}:${lineNumber + 1}`
    const name = `${functionName || '(anonymous)'}${place}`
    own.set(name, (own.get(name) ?? 0) + timeDeltas[index]!)
  }
  own.delete('(idle)')
  own.delete('(root)')
  const busy = [...own.values()].reduce((sum, time) => sum + time, 0)
  const top = [...own].sort((a, b) => b[1] - a[1]).slice(0, SHOWN)
  return [`  busy ${(busy / 1e6).toFixed(1)} s`, ...top.map(([name, time]) => `  ${((time / busy) * 100).toFixed(1).padStart(5)} %  ${name}`)].join('\n')
}
