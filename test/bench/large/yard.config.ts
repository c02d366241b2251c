import { changeHooks, defineConfig, util } from '@yardmaster/config'
import { allBuilders } from './builders.js'
import { allWorkers } from './machines.js'
import { allSchedulers } from './schedules.js'

/** The shape of the largest public installations: 200 workers, 160 definitions of builders on 8 branches, 70 kinds of factories. */
export default defineConfig({
  title: 'Interpreter',
  projects: [{ name: 'interpreter' }],
  workers: allWorkers,
  builders: allBuilders,
  schedulers: allSchedulers,
  changeHooks: [changeHooks.github({ secret: util.secret('github-hook') })],
})
