/** Seconds from POST /server until `started`, as in 27 recorded sessions. */
export const recordedBoots: readonly number[] = [
  23, 23, 23, 23, 23, 24, 28, 28, 28, 28, 28, 28, 33, 34, 34, 34, 39, 39, 50, 54, 55, 55, 60, 61, 66, 73, 133,
]

/** Seconds from a hard stop until `stopped`. */
export const recordedStops: readonly number[] = [6, 6, 10, 10, 12, 12, 13, 20, 20, 24, 35]

/** Seconds: a restart shows `maintenance` only after a while. */
export const recordedRestart = { untilMaintenance: 6, untilStarted: 22 }

/** Seconds that a start of a stopped server takes; its answer already says `started`. */
export const recordedStart = 0

/** Seconds until a clone or a template of a disk is `online`. */
export const recordedCopy = 17
export const recordedBackup = 6
