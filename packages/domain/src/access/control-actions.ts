/** What can be done, by the names that rules and tokens give it. */
export const controlActions: readonly string[] = [
  'force', 'try', 'stop', 'rebuild', 'cancel', 'set_priority', 'release', 'pause', 'unpause', 'unquarantine', 'kill', 'enable', 'disable', 'poll', 'redeliver', 'resend', 'give-up', 'resume', 'clear-alert',
  'drain', 'cancelDrain', 'apply', 'reload', 'audit', 'administer',
]
