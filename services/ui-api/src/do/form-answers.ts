import type { FormContext } from '@yardmaster/config'
import type { FunctionRef, Json } from '@yardmaster/domain'
import type { Clock } from '@yardmaster/runtime'
import type { ActiveGeneration } from '../deps.js'

/** How long an answer is good, and a failure. */
const GOOD_MS = 60_000
const FAILED_MS = 5_000
/** Questions of a generation under way: so many different ones ask only who plays with the form. */
const MOST_ASKED = 50
/** Answers kept of a generation. */
const MOST_KEPT = 500

export type FormAnswer = { value: Json } | { problem: string }

type Kept = { answer: Promise<FormAnswer>; /** Monotonic; null: still being asked. */ until: number | null }

/** They go with the generation whose functions gave them. */
const kept = new WeakMap<object, Map<string, Kept>>()

/** What a form's function says, asked once for equal inputs. One that takes longer than `patienceMs` goes on being asked, and this says so. */
export async function askForm({ threads }: Pick<ActiveGeneration, 'threads'>, clock: Clock, { fn, context, patienceMs }: { fn: FunctionRef; context: FormContext; patienceMs: number }): Promise<FormAnswer> {
  const answers = kept.get(threads) ?? new Map<string, Kept>()
  kept.set(threads, answers)
  const key = JSON.stringify([fn.$fn, context.builder, Object.entries(context.values).sort(([a], [b]) => (a < b ? -1 : 1))])
  const known = answers.get(key)
  const isGood = known && (known.until === null || clock.monotonic() < known.until)
  if (!isGood && [...answers.values()].filter(({ until }) => until === null).length >= MOST_ASKED) return { problem: 'too much is being asked at once: look again' }
  const asked = isGood ? known : begin(threads, fn, context)
  if (asked !== known) {
    answers.delete(key)
    answers.set(key, asked)
    for (const oldest of [...answers.keys()].slice(0, -MOST_KEPT)) answers.delete(oldest)
    void asked.answer.then(answer => { asked.until = clock.monotonic() + ('value' in answer ? GOOD_MS : FAILED_MS) })
  }
  return within(asked.answer, clock, patienceMs)
}

function begin(threads: ActiveGeneration['threads'], fn: FunctionRef, context: FormContext): Kept {
  const answer = threads.callPatiently(fn, { args: [context] }, new AbortController().signal).then(
    (value): FormAnswer => ({ value }), (error: unknown): FormAnswer => ({ problem: error instanceof Error ? error.message : String(error) }))
  return { answer, until: null }
}

async function within(answer: Promise<FormAnswer>, clock: Clock, ms: number): Promise<FormAnswer> {
  let cancel: () => void = () => {}
  const late = new Promise<FormAnswer>(resolve => { cancel = clock.setTimeout(() => resolve({ problem: `it is still being asked for after ${ms / 1000} s: look again` }), ms) })
  return Promise.race([answer, late]).finally(cancel)
}
