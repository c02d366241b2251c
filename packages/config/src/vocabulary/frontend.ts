import type { Json } from '@yardmaster/domain'

/** For Buildbot's own web page, where it is served in front of this API. */
export type FrontendOptions = {
  /**
   * Its plugins with their options, e.g. `{ console_view: {}, grid_view: true }`; `badges` has what badges begin with, e.g. `{ left_text: 'CI' }`.
   * Those of `wsgi_dashboards` are a list: its pages are served by who serves the web page's files.
   */
  plugins?: { [name: string]: true | { [option: string]: Json } | Json[] }
  /** Settings that people find before they change them, e.g. `{ 'Home.max_recent_builds': 20 }`. */
  uiDefaultConfig?: { [setting: string]: Json }
  /** How people are pictured: by their initials unless said otherwise; 'gravatar' asks gravatar.com. Empty: by their names. */
  avatarMethods?: ('initials' | 'gravatar')[]
  /** The view that it begins with, e.g. 'builders'. */
  defaultPage?: string
  /** Shown with ours on its page about: name and version. */
  versions?: [name: string, version: string][]
}
