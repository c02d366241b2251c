import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { checkConfiguration, formatProblems } from '@yardmaster/config/host'
import { onceReachable, transaction } from '@yardmaster/db'
import { activateGeneration, NamesTaken } from '@yardmaster/db/verbs/activate-generation'
import type { ReloadOutcome } from '@yardmaster/db/verbs/record-reload'
import type { Replica } from './replica.js'

/**
 * Checks this replica's configuration file and, if it says something new, makes it the active generation.
 * A wrong one is told with all its errors and changes nothing: the system keeps its old configuration.
 */
export async function bringConfiguration({ db, clock, settings, logger, generations }: Pick<Replica, 'db' | 'clock' | 'settings' | 'logger' | 'generations'>): Promise<ReloadOutcome> {
  if (!existsSync(settings.config)) {
    if (generations.active() === null) logger.warn({ file: settings.config }, 'there is no configuration file here and none in the database: nothing will be built until one is brought')
    return { outcome: 'absent', generationId: null, findings: `there is no ${settings.config}` }
  }
  const checked = await checkConfiguration(settings.config, clock.setTimeout)
  if (!checked.ok) {
    logger.error({ file: settings.config, problems: checked.errors.length }, `the configuration is wrong; ${generations.active() ? 'the old one stays' : 'there is none yet'}\n${formatProblems(checked.errors)}`)
    return { outcome: 'wrong', generationId: null, findings: formatProblems(checked.errors) }
  }
  const { configuration, bundle, warnings } = checked
  if (warnings.length > 0) logger.warn({ file: settings.config, warnings: warnings.length }, `the configuration is likely not meant so\n${formatProblems(warnings, 'warning')}`)
  // What it says may depend on more than its code (the environment): both make the version.
  const digest = createHash('sha256').update(bundle.digest).update(JSON.stringify(configuration)).digest('hex')
  const onAway = (error: unknown) => logger.warn({ err: error, file: settings.config }, 'the configuration cannot be brought now: the database does not answer; trying again')
  const brought = await onceReachable(clock, () => transaction(db, null, tx => activateGeneration(tx, { set: settings.set, digest, code: bundle.code, configuration })), onAway).catch((error: unknown) => {
    if (!(error instanceof NamesTaken)) throw error
    logger.error({ file: settings.config, set: settings.set }, `the configuration is refused: ${error.message}`)
    return error
  })
  if (brought instanceof NamesTaken) return { outcome: 'refused', generationId: null, findings: brought.message }
  const { id, activated } = brought
  await onceReachable(clock, () => generations.refresh(), onAway)
  const older = !activated && generations.active()?.id !== id
  if (older) logger.warn({ file: settings.config, generation: id }, 'this configuration is an older generation; going back to it is an explicit act (yard apply)')
  return { outcome: activated ? 'activated' : older ? 'older' : 'unchanged', generationId: id, findings: warnings.length > 0 ? formatProblems(warnings, 'warning') : null }
}
