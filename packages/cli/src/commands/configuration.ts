import type { Command } from 'commander'
import { describeSettings, readSettings } from '@yardmaster/runtime'
import type { Context } from '../context.js'
import { table } from '../render.js'
import { settingFlags, settingRows, withSettings } from '../settings-flags.js'
import { checkFile, nameQuickstartRepository, withQuickstart } from '../up/preflight.js'

type Options = { [option: string]: unknown }

export function addCheck(program: Command, context: Context, finish: (code: number) => void): void {
  program.command('check').description('check a configuration file and show every error in it')
    .option('-c, --config <file>', 'the configuration file (YARD_CONFIG, default yard.config.ts)')
    .option('--json', 'the errors as JSON')
    .addHelpText('after', '\nExamples:\n  $ yard check\n  $ yard check -c other.config.ts --json\n')
    .action(async (options: Options) => {
      const flags = settingFlags(options)
      const settings = readSettings(context.env, withQuickstart(readSettings(context.env, flags), flags))
      const { config } = settings
      nameQuickstartRepository(settings, context.env)
      const { problems, text, builders } = await checkFile(config, context.clock)
      if (options.json === true) context.print(JSON.stringify({ file: config, ok: problems.length === 0, problems }))
      else if (problems.length > 0) context.warn(text)
      else context.print(`${config} is right: ${builders} ${builders === 1 ? 'builder' : 'builders'}`)
      finish(problems.length === 0 ? 0 : 1)
    })
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
