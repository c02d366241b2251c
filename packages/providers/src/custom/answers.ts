import { isRecord, type FailureClass, type Json, type JsonRecord, type Leftover, type Machine, type MachineLabel, type MachineState, type OnlineFinding, type Price } from '@yardmaster/domain'
import { ProviderError } from '../provider-error.js'

const states: readonly string[] = ['starting', 'running', 'stopping', 'stopped', 'error'] satisfies MachineState[]

/** What a user's function answered, read by its shape; else a ProviderError that names the function, what was expected and what was found. */
export function answersOf(what: string) {
  const wrong = (expected: string, found: Json | undefined): never => {
    throw new ProviderError(`the provider's function ${what} is to answer with ${expected}, and answered ${(JSON.stringify(found) ?? 'nothing').slice(0, 200)}`, { failureClass: 'configuration', code: 'ANSWER_INVALID', mayHaveHappened: true })
  }
  const text = (record: JsonRecord, key: string): string => (typeof record[key] === 'string' && record[key] !== '' ? record[key] : wrong(`a text '${key}'`, record))
  const textOrNull = (record: JsonRecord, key: string): string | null => (record[key] === undefined || record[key] === null ? null : text(record, key))
  const timeOrNull = (record: JsonRecord): number | null => {
    const { createdAt = null } = record
    return createdAt === null || typeof createdAt === 'number' ? createdAt : wrong("epoch ms or null as 'createdAt'", record)
  }
  const record = (value: Json | undefined, expected: string): JsonRecord => (isRecord(value) ? value : wrong(expected, value))
  const list = (value: Json | undefined, expected: string): Json[] => (Array.isArray(value) ? value : wrong(expected, value))
  const label = (value: JsonRecord): MachineLabel => {
    const given = record(value['label'], 'the label { installation, worker, attempt }')
    const { attempt } = given
    return typeof attempt === 'number' && Number.isSafeInteger(attempt) ? { installation: text(given, 'installation'), worker: text(given, 'worker'), attempt } : wrong("a whole number as 'attempt' in the label", value)
  }
  const machine = (value: Json | undefined): Machine => {
    const given = record(value, 'a machine: { id, label, state, … }')
    const state = text(given, 'state')
    const storages = list(given['storages'] ?? [], "a list of texts as 'storages'")
    return {
      id: text(given, 'id'), label: label(given), state: states.includes(state) ? (state as MachineState) : wrong(`one of ${states.join(', ')} as 'state'`, given),
      detail: textOrNull(given, 'detail') ?? state, zone: textOrNull(given, 'zone'), plan: textOrNull(given, 'plan'), createdAt: timeOrNull(given), address: textOrNull(given, 'address'),
      storages: storages.map(id => (typeof id === 'string' ? id : wrong("a list of texts as 'storages'", given))),
    }
  }
  const leftover = (value: Json): Leftover => {
    const given = record(value, 'a leftover: { id, kind, label, … }')
    return { id: text(given, 'id'), kind: text(given, 'kind'), label: label(given), createdAt: timeOrNull(given) }
  }
  return {
    machine,
    machineOrNull: (value: Json): Machine | null => (value === null ? null : machine(value)),
    all(value: Json): { machines: Machine[]; leftovers: Leftover[] } {
      const given = record(value, '{ machines, leftovers }')
      return { machines: list(given['machines'], '{ machines: […], leftovers: […] }').map(machine), leftovers: list(given['leftovers'] ?? [], '{ machines: […], leftovers: […] }').map(leftover) }
    },
    outcome: (value: Json): 'gone' | 'going' => (value === 'gone' || value === 'going' ? value : wrong("'gone' or 'going'", value)),
    priceOrNull(value: Json): Price | null {
      if (value === null) return null
      const { perHour, currency, period } = record(value, 'a price: { perHour, currency, period }, or null')
      return typeof perHour === 'number' && perHour >= 0 && typeof currency === 'string' && typeof period === 'number' && period > 0 ? { perHour, currency, period } : wrong('a price: { perHour, currency, period }, or null', value)
    },
    findings: (value: Json): OnlineFinding[] => list(value, 'a list of findings').map(item => {
      const given = record(item, "a finding: { severity: 'error' or 'warning', option, message }")
      const { severity } = given
      return severity === 'error' || severity === 'warning' ? { severity, option: text(given, 'option'), message: text(given, 'message') } : wrong("'error' or 'warning' as 'severity'", item)
    }),
  }
}

const classes: readonly string[] = ['retry', 'elsewhere', 'backoff', 'alert', 'configuration'] satisfies FailureClass[]

/** What a function threw, as what it said of it. Without a class nobody knows whether it happened. */
export function customFailure(what: string, error: unknown): ProviderError {
  const { failureClass, code, mayHaveHappened, retryAfterMs } = (error instanceof Error && 'failure' in error && typeof error.failure === 'object' ? error.failure ?? {} : {}) as { [key: string]: unknown }
  const known = typeof failureClass === 'string' && classes.includes(failureClass)
  const message = error instanceof Error ? error.message : String(error)
  return new ProviderError(`the provider's function ${what}: ${message}`, {
    failureClass: known ? (failureClass as FailureClass) : 'retry', code: typeof code === 'string' ? code : null, cause: error,
    mayHaveHappened: typeof mayHaveHappened === 'boolean' ? mayHaveHappened : !known, retryAfterMs: typeof retryAfterMs === 'number' ? retryAfterMs : null,
  })
}
