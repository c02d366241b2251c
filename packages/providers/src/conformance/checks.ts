import { sameLabel, type Machine, type MachineState } from '@yardmaster/domain'
import type { Check } from './conformance.js'
import { expectThat } from './trial.js'
import type { Trial } from './trial.js'

const states: MachineState[] = ['starting', 'running', 'stopping', 'stopped', 'error']
const classes = ['retry', 'elsewhere', 'backoff', 'alert', 'configuration']
/** What a name may be: none of it may be lost where labels take less. */
const oddName = 'Größe/2 (neu).b_1'
const MANY = 7

function expectShape(machine: Machine): void {
  expectThat(states.includes(machine.state), `a state: ${states.join(', ')}`, machine.state)
  for (const text of [machine.zone, machine.plan, machine.address]) expectThat(text === null || typeof text === 'string', 'texts or null as zone, plan and address', machine)
  expectThat(typeof machine.detail === 'string', 'a text as detail', machine.detail)
  expectThat(machine.createdAt === null || Number.isFinite(machine.createdAt), 'epoch ms or null as createdAt', machine.createdAt)
  expectThat(Array.isArray(machine.storages) && machine.storages.every(id => typeof id === 'string'), 'ids as storages', machine.storages)
}

async function isListedAndFound(trial: Trial): Promise<void> {
  const made = await trial.make(trial.label())
  expectShape(made)
  const [listed] = await trial.until('it in the list', () => trial.listed(made.label), ({ length }) => length > 0)
  expectThat(listed?.id === made.id, `${made.id} in the list`, listed)
  expectShape(listed)
  const found = await trial.second.get(made.id, trial.signal)
  expectThat(found !== null && found.id === made.id && sameLabel(found.label, made.label), `what was made by its id ${made.id}`, found)
  expectShape(found)
}

async function isOneToALabel(trial: Trial): Promise<void> {
  const label = trial.label()
  const made = await trial.make(label)
  await trial.until('it in the list', () => trial.listed(label), ({ length }) => length > 0)
  const again = await trial.make(label, trial.second)
  expectThat(again.id === made.id, `the machine that is there, ${made.id}`, again.id)
  expectThat((await trial.listed(label)).length === 1, 'one machine with the label', await trial.listed(label))
}

async function keepsLabels(trial: Trial): Promise<void> {
  const label = trial.label(oddName)
  await trial.make(label)
  await trial.until(`the worker's name as it was given, '${oddName}'`, () => trial.listed(label), ({ length }) => length === 1)
}

async function leavesOthersAlone(trial: Trial): Promise<void> {
  const [ours, theirs] = trial.subject.installations
  const foreign = await trial.make(trial.label('conformance', theirs))
  const own = await trial.make(trial.label('conformance', ours))
  await trial.until('it in the list', () => trial.listed(own.label), ({ length }) => length > 0)
  const { machines } = await trial.second.list(ours, trial.signal)
  expectThat(machines.every(({ label }) => label.installation === ours), `machines of ${ours} alone`, machines)
  // As a ledger with a wrong id would ask for it.
  await trial.second.remove({ id: foreign.id, label: own.label, storages: foreign.storages }, trial.signal).catch(() => {})
  const left = await trial.second.get(foreign.id, trial.signal)
  expectThat(left !== null && (left.state === 'starting' || left.state === 'running'), "another installation's machine untouched by a removal under our label", left)
}

async function goesForGood(trial: Trial): Promise<void> {
  const made = await trial.make(trial.label())
  await trial.remove(made)
  const found = await trial.second.get(made.id, trial.signal)
  expectThat(found === null, 'null for what is gone', found)
  await trial.until('it gone from the list', () => trial.listed(made.label), ({ length }) => length === 0)
  expectThat(await trial.second.remove(made, trial.signal) === 'gone', "'gone' for what is gone", 'another answer')
}

async function isRemovedByTwo(trial: Trial): Promise<void> {
  const made = await trial.make(trial.label())
  const outcomes = await Promise.all([trial.provider, trial.second, trial.provider].map(provider => provider.remove(made, trial.signal).catch((error: unknown) => error)))
  // To lose a race may be said, as long as it is said to be tried again.
  for (const outcome of outcomes) expectThat(outcome === 'gone' || outcome === 'going' || classOf(outcome) === 'retry', "'gone', 'going' or a failure of class retry", String(outcome))
  await trial.remove(made)
}

async function showsMany(trial: Trial): Promise<void> {
  const made: Machine[] = []
  for (let index = 0; index < MANY; index++) made.push(await trial.make(trial.label(`conformance-${index}`)))
  const ids = made.map(({ id }) => id).sort()
  await trial.until(`all ${MANY} in the list`, async () => (await trial.second.list(trial.subject.installations[0], trial.signal)).machines.map(({ id }) => id).sort(),
    listed => ids.every(id => listed.filter(other => other === id).length === 1))
}

async function keepsThePassword(trial: Trial): Promise<void> {
  const request = trial.subject.request(trial.label())
  const told: unknown[] = [await trial.makeOf(request)]
  told.push(...await trial.until('it in the list', () => trial.listed(request.label), ({ length }) => length > 0))
  expectThat(!JSON.stringify(told).includes(request.worker.password), "nothing of the worker's password", 'the password')
}

const classOf = (error: unknown): unknown => (error instanceof Error && 'failureClass' in error ? error.failureClass : undefined)

async function saysWhatAFailureAsksFor(trial: Trial): Promise<void> {
  for (const { what, request, failureClass } of trial.subject.refused ?? []) {
    const asked = request(trial.label())
    const outcome: unknown = await trial.makeOf(asked).catch((error: unknown) => error)
    expectThat(outcome instanceof Error, `${what} to be refused`, outcome)
    const found = classOf(outcome)
    expectThat(classes.includes(String(found)) && found === failureClass, `a failure of class ${failureClass} for ${what}`, `${String(found)}: ${outcome.message}`)
    expectThat(!outcome.message.includes(asked.worker.password), "nothing of the worker's password in an error", 'the password')
    await trial.until(`nothing left of ${what}`, () => trial.listed(asked.label), ({ length }) => length === 0)
  }
}

async function givesUp(trial: Trial): Promise<void> {
  const label = trial.label()
  const abort = new AbortController()
  const asked = trial.provider.create(trial.subject.request(label), abort.signal).catch(() => null)
  abort.abort(new Error('the caller gave up'))
  await asked
  const reading = trial.provider.list(label.installation, abort.signal).catch(() => null)
  await reading
  // Whatever came of it, asking once more ends with one.
  const made = await trial.make(label, trial.second)
  await trial.until('one machine with the label', () => trial.listed(label), ({ length }) => length === 1)
  expectThat((await trial.second.get(made.id, trial.signal))?.id === made.id, `what was made by its id ${made.id}`, 'something else')
}

async function answersQuestions(trial: Trial): Promise<void> {
  const request = trial.subject.request(trial.label())
  const price = await trial.provider.price?.(request, trial.signal)
  if (price) expectThat(price.perHour >= 0 && price.currency !== '' && price.period > 0, 'a price: { perHour, currency, period }', price)
  const findings = await trial.provider.check?.(request, trial.signal)
  if (findings) expectThat(findings.every(({ severity }) => severity !== 'error'), 'no error found with a request that can be met', findings)
}

export const checks: Check[] = [
  { name: 'what was made is in the list and found by its id', run: isListedAndFound },
  { name: 'made again under its label it is the same machine', run: isOneToALabel },
  { name: "labels are kept as they are, whatever the worker's name", run: keepsLabels },
  { name: 'machines of another installation are neither listed nor removed', run: leavesOthersAlone },
  { name: 'what was removed is gone for good, and may be removed again', run: goesForGood },
  { name: 'it may be removed by several at once', run: isRemovedByTwo },
  { name: 'every machine is listed once', run: showsMany },
  { name: "the worker's password is not told", run: keepsThePassword },
  { name: 'a failure says what it asks for, and leaves nothing', run: saysWhatAFailureAsksFor },
  { name: 'a call that was given up does no harm', run: givesUp },
  { name: 'price and check can be asked', run: answersQuestions },
]
