import { wwwDefaults, type Caller } from '@yardmaster/domain'
import type { Deps } from '../../deps.js'
import { authOfFrontend, userOf } from '../auth/frontend-auth.js'

/** `window.buildbotFrontendConfig` as Buildbot's own page of any version reads it, for the one who asks. */
export function frontendConfig({ activeGeneration, access, settings: { baseUrl }, version }: Deps, caller: Caller): { [name: string]: unknown } {
  const { title = 'Yardmaster', titleURL = null, www = wwwDefaults } = activeGeneration()?.configuration ?? {}
  // Badges are pictures of ours, with nothing for the page to load.
  const { badges: _badges, ...plugins } = www.plugins
  return {
    title, titleURL: titleURL ?? baseUrl, buildbotURL: baseUrl, buildbotURLs: [baseUrl], multiMaster: true, port: portOf(baseUrl),
    versions: [['Yardmaster', version], ...www.versions],
    auth: authOfFrontend(www.auth), user: userOf(caller), user_any_access_allowed: access.mayRead(caller),
    avatar_methods: www.avatarMethods.map(name => ({ name })),
    plugins, ui_default_config: www.uiDefaultConfig, project_widgets: [],
    ...(www.defaultPage === null ? {} : { default_page: www.defaultPage }),
  }
}

function portOf(baseUrl: string): string {
  const { port, protocol } = new URL(baseUrl)
  return port || (protocol === 'https:' ? '443' : '80')
}
