import { afterEach } from 'vitest'
import { openWaits } from './open-waits.js'

// A test that is out of time says what it waited for.
afterEach(({ task }) => {
  const error = task.result?.errors?.[0]
  if (error) for (const { what, shown } of openWaits) error.message += `\nwaiting for: ${what} (last: ${shown})`
  openWaits.clear()
})
