import type { Json } from '../json.js'

/** What Buildbot's web page is told of itself, and nobody else: its own options of `c['www']`. */
export type FrontendConfig = {
  /** By plugin of that page, e.g. `console_view`; `badges` are also what the pictures of builders' states begin with. */
  plugins: { [name: string]: { [option: string]: Json } | Json[] }
  /** Settings that people find before they change them, e.g. `Home.max_recent_builds`. */
  uiDefaultConfig: { [setting: string]: Json }
  /** The first that knows someone's picture gives it; `initials` are drawn here, `gravatar` asks gravatar.com. */
  avatarMethods: AvatarMethod[]
  /** The view that the page begins with; null: home. */
  defaultPage: string | null
  /** Of what besides us, shown on the page about. */
  versions: [name: string, version: string][]
}

export type AvatarMethod = 'initials' | 'gravatar'

export const frontendDefaults: FrontendConfig = { plugins: {}, uiDefaultConfig: {}, avatarMethods: ['initials'], defaultPage: null, versions: [] }
