import { CANCELLED, EXCEPTION, FAILURE, RETRY, resultName, SUCCESS, WARNINGS, type Json, type Result } from '@yardmaster/domain'

const grave: Result[] = [SUCCESS, WARNINGS, FAILURE, EXCEPTION, RETRY, CANCELLED]

/** The line beside a build: what came of it, and which step is to blame. */
export const buildSummary = {
  severity: (result: Result): number => Math.max(0, grave.indexOf(result)),
  text(result: Result, step: string | null): string {
    if (result === SUCCESS) return 'build successful'
    const name = resultName(result)
    if (step === null) return name
    return result === WARNINGS ? `warnings ${step}` : result === FAILURE ? `failed ${step} (failure)` : `${name} ${step}`
  },
}

/** As Buildbot describes a command: its first words, quoted. */
export function describeCommand(command: Json): string {
  const words = wordsOf(command)
  if (words.length === 0 || words[0] === '') return '???'
  return `'${words.slice(0, 2).join(' ')}${words.length > 2 ? ' ...' : ''}'`
}

/** The words of a command, nested lists flattened as Buildbot does. */
function wordsOf(command: Json): string[] {
  if (Array.isArray(command)) return command.flatMap(wordsOf)
  return typeof command === 'string' ? command.trim().split(/\s+/) : [String(command ?? '')]
}

export function descriptionText(description: Json): string | null {
  if (description === null || description === '') return null
  return Array.isArray(description) ? description.map(String).join(' ') : String(description)
}

export type Descriptions = { running: string | null; done: string | null; suffix: string | null }

export function runningText({ running, suffix }: Descriptions, fallback: string): string {
  return withSuffix(running ?? fallback, suffix)
}

export function doneText({ running, done, suffix }: Descriptions, fallback: string, result: Result): string {
  const text = withSuffix(done ?? running ?? fallback, suffix)
  return result === SUCCESS ? text : `${text} (${resultName(result)})`
}

function withSuffix(text: string, suffix: string | null): string {
  return suffix === null ? text : `${text} ${suffix}`
}
