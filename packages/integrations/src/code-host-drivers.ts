import { bitbucketStatusDriver } from './bitbucket/cloud-status-reporter.js'
import { bitbucketServerCommentDriver } from './bitbucket/server-comment-reporter.js'
import { bitbucketServerStatusDriver } from './bitbucket/server-status-reporter.js'
import { giteaStatusDriver } from './gitea/status-reporter.js'
import { githubChecksDriver } from './github/check-reporter.js'
import { githubCommentDriver } from './github/comment-reporter.js'
import { githubStatusDriver } from './github/status-reporter.js'
import { gitlabStatusDriver } from './gitlab/status-reporter.js'

export const codeHostDrivers = {
  githubStatus: githubStatusDriver,
  githubChecks: githubChecksDriver,
  githubComment: githubCommentDriver,
  gitlabStatus: gitlabStatusDriver,
  giteaStatus: giteaStatusDriver,
  bitbucketServerStatus: bitbucketServerStatusDriver,
  bitbucketServerComment: bitbucketServerCommentDriver,
  bitbucketStatus: bitbucketStatusDriver,
}
