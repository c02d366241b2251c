import type { SchedulerConfig } from '../scheduler-config.js'

/** When a scheduler acts, in words that stand by themselves. */
export function whenText(scheduler: SchedulerConfig): string {
  switch (scheduler.kind) {
    case 'singleBranch': case 'anyBranch': return scheduler.treeStableTimer ? `changes, after ${seconds(scheduler.treeStableTimer)} of quiet` : 'each change at once'
    case 'dependent': return `after ${scheduler.upstream}`
    case 'periodic': return `every ${seconds(scheduler.periodicBuildTimer)}${ifChanged(scheduler.onlyIfChanged)}`
    case 'nightly': return `at ${scheduler.cron} (${scheduler.timeZone})${ifChanged(scheduler.onlyIfChanged)}${scheduler.forceAt === null ? '' : `, at ${scheduler.forceAt} in any case`}`
    case 'nightlyTriggerable': return `at ${scheduler.cron} (${scheduler.timeZone}), if triggered`
    case 'triggerable': return 'when a step triggers it'
    case 'force': return 'when somebody forces it'
    case 'try': return 'when somebody tries a patch'
  }
}

const ifChanged = (only: boolean): string => (only ? ', if changed' : '')

/** `90 s`, `10 min`, `2 h`, `1 d`. */
function seconds(value: number): string {
  const [divisor, unit]: [number, string] = value % 86_400 === 0 ? [86_400, 'd'] : value % 3_600 === 0 ? [3_600, 'h'] : value % 60 === 0 ? [60, 'min'] : [1, 's']
  return `${value / divisor} ${unit}`
}
