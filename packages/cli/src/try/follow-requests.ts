import { buildrequests, builds, steps, type Build, type Tried } from '@yardmaster/rest'
import { paintLine, printLogs } from '../log-printer.js'
import type { News } from '../news.js'
import { duration, paintResult, resultText, type Paint } from '../render.js'
import type { Remote } from '../remote.js'

export type Followed = {
  remote: Remote
  news: News
  paint: Paint
  /** The address of the web page. */
  url: string
  /** Print the logs of steps that failed. */
  logs: boolean
  print(line: string): void
  onEnd(buildrequestid: number): void
}

/** Results that ask for a look at the log. */
const bad = (results: number | null): boolean => results !== null && results >= 2 && results !== 3

/** Tells what becomes of the requests, each thing once, until all have ended; answers their results. */
export async function followRequests(requests: Tried['buildrequests'], followed: Followed): Promise<(number | null)[]> {
  return Promise.all(requests.map(request => followOne(request, followed)))
}

async function followOne({ builder, buildrequestid }: Tried['buildrequests'][number], followed: Followed): Promise<number | null> {
  const { remote, news } = followed
  const watch = news.watch(`buildrequests/${buildrequestid}/*`)
  const told = new Map<number, string>()
  const over = new Set<number>()
  for (;;) {
    // The request first: when it has ended, its builds have.
    const request = await remote.one(buildrequests, `buildrequests/${buildrequestid}`, `build request ${buildrequestid} is gone`)
    for (const build of await remote.list(builds, `buildrequests/${buildrequestid}/builds`, { order: 'buildid' })) {
      if (over.has(build.buildid)) continue
      watch.add(`builds/${build.buildid}/*`)
      const name = `${builder} #${build.number}`
      if (!told.has(build.buildid)) followed.print(`${name}: ${followed.paint.cyan('started')} ${followed.url}/builders/${build.builderid}/builds/${build.number}`)
      if (build.complete) {
        over.add(build.buildid)
        watch.remove(`builds/${build.buildid}/*`)
        await tellEnd(name, build, followed)
      } else if (told.get(build.buildid) !== build.state_string && build.state_string !== '') followed.print(`${name}: ${build.state_string}`)
      told.set(build.buildid, build.state_string)
    }
    if (request.complete) {
      if (over.size === 0) followed.print(`${builder}: ${paintResult(followed.paint, request.results, resultText(request.results))} without a build`)
      watch.close()
      followed.onEnd(buildrequestid)
      return request.results
    }
    await watch.next()
  }
}

async function tellEnd(name: string, build: Build, { remote, paint, logs, print }: Followed): Promise<void> {
  const took = build.started_at === null || build.complete_at === null ? '' : ` after ${duration(build.complete_at - build.started_at)}`
  if (logs && bad(build.results)) {
    for (const step of (await remote.list(steps, `builds/${build.buildid}/steps`, { order: 'number' })).filter(({ results }) => bad(results))) {
      print(paint.bold(`== ${name} ${step.name}`))
      await printLogs({ remote, build, step: String(step.number), follow: null, onStep: () => undefined, onLine: line => print(paintLine(line, paint)) })
    }
  }
  print(`${name}: ${paintResult(paint, build.results, resultText(build.results))}${took}${build.state_string === '' ? '' : ` (${build.state_string})`}`)
}
