import type { BuilderPlan, Kind, Plan } from './plan.js'

/** Commands that a successful build of a kind runs, by step. */
export const commandsOf: { [kind in Kind]: number[] } = { shell: [1, 1], custom: [3], failing: [1], locked: [1, 1], stopped: [1], stock: [1, 1] }
/** Lines that a custom step prints itself. */
export const NOTES = 6
/** Longer than any campaign: such a build ends because it is stopped. */
const STOPPED_LINES = 100_000
export const FAILING_CODE = 3

export const linesOf = ({ kind, lines }: BuilderPlan): number => (kind === 'stopped' ? STOPPED_LINES : lines)

/**
 * What every command does: says in a file that no process of ours writes that it begins and ends, and prints between. Two that are
 * alive in one folder at once, or more than the lock allows, are told by the kernel's own locks, which end with their processes.
 */
function script(plan: BuilderPlan, truth: string, lock: string | null): string {
  const say = (word: string) => `echo "${word} $YARD_COMMAND" >> '${truth}'`
  return [
    `exec 9>>.alone; flock -n 9 || ${say('overlap')}`,
    ...(lock === null ? [] : [`exec 8>>'${lock}'; flock -n 8 || ${say('lock-broken')}`]),
    say('begin'),
    `i=0; while [ $i -lt ${linesOf(plan)} ]; do echo "$YARD_COMMAND line $i"; i=$((i+1)); sleep ${plan.pauseSeconds}; done`,
    say('end'),
    ...(plan.kind === 'failing' ? [`exit ${FAILING_CODE}`] : []),
  ].join('; ')
}

function stepsOf(plan: BuilderPlan, folder: string): string {
  const lock = plan.kind === 'locked' ? `${folder}/lock` : null
  const command = JSON.stringify(script(plan, `${folder}/truth`, lock))
  if (plan.kind !== 'custom') return commandsOf[plan.kind].map((_commands, at) => `steps.shell({ name: 's${at}', command: ${command}, logEnviron: false })`).join(', ')
  return `async ctx => {
      const began = await ctx.now()
      ctx.print('note 0')
      for (let n = 0; n < 3; n++) {
        const { ok } = await ctx.command(${command}, { logEnviron: false })
        if (!ok) return ctx.results.FAILURE
        await ctx.setProperty('command' + n, (await ctx.random()) < 2 && began > 0)
        ctx.print('note ' + (n + 1))
      }
      if (ctx.property('command0') !== true) throw new Error('a property is lost')
      ctx.print('note 4')
      await ctx.summary({ step: 'all three' })
      ctx.print('note 5')
    }`
}

/** The text of yard.config.ts; another `edition` is another configuration that says the same. */
export function configurationOf(plan: Plan, folder: string, edition: number): string {
  const workers = [...plan.ownWorkers, ...plan.stockWorkers]
  const builder = (each: BuilderPlan) => `    { name: '${each.name}', workers: ${JSON.stringify(each.workers)}, collapseRequests: false, ${each.kind === 'locked' ? 'locks: [lock.access(\'exclusive\')], ' : ''}steps: [${stepsOf(each, folder)}] },`
  return `
import { defineConfig, schedulers, steps, util, workers } from '@yardmaster/config'
const lock = util.masterLock('one at a time')
export default defineConfig({
  title: 'Campaign ${plan.seed}, edition ${edition}',
  workers: ${JSON.stringify(workers)}.map(name => workers.worker({ name, password: 'pw', quarantine: null })),
  builders: [
${plan.builders.map(builder).join('\n')}
${workers.map(name => `    { name: 'on-${name}', workers: ['${name}'], collapseRequests: false, steps: [steps.shell({ name: 's0', command: 'echo here' })] },`).join('\n')}
  ],
  schedulers: [schedulers.force({ name: 'force', builders: ${JSON.stringify([...plan.builders.map(each => each.name), ...workers.map(name => `on-${name}`)])} })],
})
`
}
