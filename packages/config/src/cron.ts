import { Cron } from 'croner'

/** Any time will do for asking whether a line ever ticks. */
const someTime = new Date('2024-01-01T00:00:00Z')

/** What is wrong with a crontab line or time zone; undefined: nothing. */
export function cronProblem(line: string, timeZone: string): string | undefined {
  try {
    return new Cron(line, { timezone: timeZone, paused: true }).nextRun(someTime) === null ? `'${line}' never happens` : undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/**
 * The first tick after a time; null: there is none any more. A local time that a change of the clocks leaves out ticks right after the gap; one that
 * comes twice ticks at its first coming, unless the line asks for every hour.
 */
export function nextTick(line: string, timeZone: string, after: Date): Date | null {
  return cronOf(line, timeZone).nextRun(after)
}

/** Reading a line costs more than asking it. There are as many as the configurations of late have. */
const read = new Map<string, Cron>()
const MOST_READ = 1_000

function cronOf(line: string, timeZone: string): Cron {
  const key = `${timeZone} ${line}`
  const known = read.get(key)
  if (known) return known
  if (read.size >= MOST_READ) read.clear()
  const cron = new Cron(line, { timezone: timeZone, paused: true })
  read.set(key, cron)
  return cron
}
