/** Servers that stand for code hosts, mail and chat in tests. */
export { composing, sending, testGenerator, testReport, testReporter, testStamp } from './compose.js'
export type { FakeHost, HostAnswer, HostRequest, Mishap } from './fake-host.js'
export type { GithubApp } from './github-apps.js'
export { startFakeGithub } from './github.js'
export type { FakeGithub, FakeGithubOptions } from './github.js'
export { failedBuild, failedReport } from './failed-report.js'
export { startSmtpServer } from './smtp.js'
export type { FakeSmtpServer } from './smtp.js'
