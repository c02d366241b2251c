import type { Json } from '@yardmaster/domain'
import type { Logger } from '@yardmaster/runtime'
import { JSONCodec, type NatsConnection } from 'nats'
import type { ConnectionWatch } from './connection.js'
import type { Subjects } from './subjects.js'

/** Questions between processes, for what only one of them has, e.g. a connection. Lossy: who asks must do without an answer. */
export type Questions = {
  /** From here on, what is asked of `whom` (letters, digits, `-`) is answered here. The answer ends it. */
  answer(whom: string, reply: (question: Json) => Json): () => void
  /** Null: nobody of that name is there, or they did not answer in time. */
  ask(whom: string, question: Json): Promise<Json>
}

type Options = { connection: NatsConnection; watch: ConnectionWatch; subjects: Subjects; logger: Logger }

const answerWithinMs = 2_000
const codec = JSONCodec<Json>()

export function createQuestions({ connection, watch, subjects, logger }: Options): Questions {
  return {
    answer(whom, reply) {
      const subscription = connection.subscribe(subjects.ask(whom), {
        callback(error, message) {
          if (error) return logger.error({ err: error, whom }, 'listening for questions failed')
          try {
            message.respond(codec.encode(reply(codec.decode(message.data))))
          } catch (failure) {
            logger.error({ err: failure, whom }, 'answering a question failed')
          }
        },
      })
      return () => { if (!connection.isClosed()) subscription.unsubscribe() }
    },
    async ask(whom, question) {
      if (!watch.connected()) return null
      try {
        return codec.decode((await connection.request(subjects.ask(whom), codec.encode(question), { timeout: answerWithinMs })).data)
      } catch (error) {
        logger.debug({ err: error, whom }, 'a question was not answered')
        return null
      }
    },
  }
}
