import { changeHooks, defineConfig, reporters, util } from '@yardmaster/config'
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
  services: [
    reporters.githubStatus({ token: util.secret('github-token'), generators: [reporters.buildStartEndStatusGenerator({ tags: ['stable'] })] }),
    reporters.mail({ fromaddr: 'yard@example.org', relayhost: 'mail.example.org', sendToInterestedUsers: true, groups: [{ tags: ['tier-1'], to: ['release@example.org'] }], generators: [reporters.buildStatusGenerator({ mode: ['problem'] })] }),
    util.oldBuildCanceller({ name: 'older pushes', filters: [{ builders: allBuilders.map(builder => builder.name), filter: util.changeFilter({ branch: /^refs\/pull\// }) }] }),
  ],
})
