import type { Command } from 'commander'
import { describeSettings, readSettings, type Settings } from '@yardmaster/runtime'
import { onlineFindings, onlineText, type PoolFinding } from '../check/online.js'
import type { Context } from '../context.js'
import { table } from '../render.js'
import { settingFlags, settingRows, withSettings } from '../settings-flags.js'
import { checkFile, nameQuickstartRepository, withQuickstart, type CheckedFile } from '../up/preflight.js'

type Options = { [option: string]: unknown }

export function addCheck(program: Command, context: Context, finish: (code: number) => void): void {
  program.command('check').description('check a configuration file and show every error in it')
    .option('-c, --config <file>', 'the configuration file (YARD_CONFIG, default yard.config.ts)')
    .option('--online', 'ask the clouds, too: whether zones, plans, images and rights exist')
    .option('--json', 'the errors as JSON')
    .addHelpText('after', '\nExamples:\n  $ yard check\n  $ yard check --online\n  $ yard check -c other.config.ts --json\n')
    .action(async (options: Options) => {
      const flags = settingFlags(options)
      const settings = readSettings(context.env, withQuickstart(readSettings(context.env, flags), flags))
      nameQuickstartRepository(settings, context.env)
      const checked = await checkFile(settings.config, context.clock)
      const online = options.online === true && checked.configuration !== null ? await onlineFindings({ configuration: checked.configuration, code: checked.code }, settings, context) : null
      const ok = checked.problems.length === 0 && !online?.some(({ severity }) => severity === 'error')
      if (options.json === true) context.print(JSON.stringify({ file: settings.config, ok, problems: checked.problems, warnings: checked.warnings, ...(online === null ? {} : { online }) }))
      else tell(context, settings, checked, online)
      finish(ok ? 0 : 1)
    })
}

function tell(context: Context, { config }: Settings, { problems, text, builders }: CheckedFile, online: PoolFinding[] | null): void {
  if (text !== '') context.warn(text)
  if (online !== null && online.length > 0) context.warn(onlineText(online))
  if (problems.length > 0 || online?.some(({ severity }) => severity === 'error')) return
  context.print(`${config} is right${online === null ? '' : ', and what it names outside is there'}: ${builders} ${builders === 1 ? 'builder' : 'builders'}`)
}

export function addConfig(program: Command, context: Context): void {
  const command = program.command('config').description('show every setting, its value and where that came from')
    .addHelpText('after', '\nExamples:\n  $ yard config\n  $ YARD_PORT=9000 yard config --json\n')
  withSettings(command).option('--json', 'as JSON').action((options: Options) => {
    const settings = describeSettings(readSettings(context.env, settingFlags(options)))
    if (options.json === true) context.print(JSON.stringify(settings))
    else for (const line of table(['SETTING', 'VALUE', 'FROM', 'FLAG', 'MEANING'], settingRows(settings))) context.print(line)
  })
}
