/** Servers that stand for code hosts, mail and chat in tests. */
export * from './reports.js'
export * from './smtp.js'
export type { FakeGithub, FakeGithubOptions } from './github.js'
export type { FakeHost, HostAnswer, HostRequest, Mishap } from './fake-host.js'
export type { GithubApp } from './github-apps.js'
export { composing, sending, testGenerator, testReport, testReporter, testStamp } from './compose.js'
export { startFakeGithub } from './github.js'
