/** A poll came to nothing, for a reason that people can do something about: it is told, and the poll is tried again. */
export class PollFailed extends Error {
  override name = 'PollFailed'
}
