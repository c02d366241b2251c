import type { ShellArgs } from '@yardmaster/worker-protocol'
import { MARKER } from './environment.js'

/** What stands above a command's output, as Buildbot writes it. */
export function startHeader(args: ShellArgs, workdir: string, environment: Record<string, string>): string {
  const limits = [seconds('timeout', args.timeout), seconds('maxTime', args.maxTime), seconds('sigtermTime', args.sigtermTime)].join('')
  const lines = [
    args.command ?? (args.argv ?? []).join(' '),
    ` in dir ${workdir}${limits}`,
    ` watching logfiles ${pythonDict(args.logfiles)}`,
    ` argv: ${pythonList(argvOf(args))}`,
  ]
  if (args.logEnviron) lines.push(' environment:', ...Object.keys(environment).filter(name => name !== MARKER).sort().map(name => `  ${name}=${environment[name]}`))
  return [...lines, ` using PTY: ${args.usePTY ? 'True' : 'False'}`].join('\n')
}

/** A string is the shell's, a list is executed as it is. */
export function argvOf(args: ShellArgs): string[] {
  return args.argv ?? ['/bin/sh', '-c', args.command ?? '']
}

export function pythonList(items: string[]): string {
  return `[${items.map(pythonString).join(', ')}]`
}

export function count(value: number, unit: 'second' | 'sec'): string {
  return `${value} ${unit}${value === 1 ? '' : 's'}`
}

function seconds(name: string, value: number | null): string {
  return value === null ? '' : ` (${name} ${count(value, 'sec')})`
}

function pythonDict(logfiles: ShellArgs['logfiles']): string {
  const entries = Object.entries(logfiles).map(([name, { filename, follow }]) => {
    return `${pythonString(name)}: {'filename': ${pythonString(filename)}, 'follow': ${follow ? 'True' : 'False'}}`
  })
  return `{${entries.join(', ')}}`
}

function pythonString(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'"
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t')
  return quote + (quote === "'" ? escaped.replaceAll("'", "\\'") : escaped) + quote
}
