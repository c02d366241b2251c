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
  const words = typeof command === 'string' ? command.trim().split(/\s+/) : wordsOf(command)
  if (words.length === 0 || words[0] === '') return '???'
  return `'${words.slice(0, 2).join(' ')}${words.length > 2 ? ' ...' : ''}'`
}

/** The words of a command, nested lists flattened as Buildbot does. */
function wordsOf(command: Json): string[] {
  if (Array.isArray(command)) return command.flatMap(wordsOf)
  return [String(command ?? '')]
}

export function descriptionText(description: Json): string | null {
  if (description === null || description === '') return null
  return Array.isArray(description) ? description.map(String).join(' ') : String(description)
}

/** As far as the configuration says something. */
export type Descriptions = { running: string | null; done: string | null; suffix: string | null }

export function runningText({ running, suffix }: Descriptions, fallback: string): string {
  return running === null ? fallback : withSuffix(running, suffix)
}

/** What a step can say of itself: its command, which is said rather than what it was described as while it ran. */
export type OwnWords = { command: string | null; otherwise: string; timedOut: boolean }

export function doneText({ running, done, suffix }: Descriptions, { command, otherwise, timedOut }: OwnWords, result: Result): string {
  const described = done ?? (command === null ? running : null)
  const text = described === null ? command ?? otherwise : withSuffix(described, suffix)
  return result === SUCCESS ? text : `${text} (${resultName(result)})${timedOut ? ' (timed out)' : ''}`
}

function withSuffix(text: string, suffix: string | null): string {
  return suffix === null ? text : `${text} ${suffix}`
}
