/**
 * The wires between an engine and a worker.
 *
 * `extension/` is Yardmaster's own protocol, version 1, spoken by `@yardmaster/worker`. The engine is the WebSocket server,
 * the worker the client. `buildbot/` is what stock Buildbot workers speak over MessagePack (`msgpack_experimental_v7`) on the same port: they
 * send no subprotocol. There is room beside it for Perspective Broker, Buildbot's older protocol.
 *
 * ## The flow
 *
 *  1. The worker asks for `GET /` with `Authorization: Basic base64(name:password)`, the subprotocol `yardmaster.v1` and a
 *     User-Agent `yardmaster-worker/VERSION`. 401 says wrong credentials, 503 says that this engine is draining; whatever the
 *     answer, the worker tries the next engine that it knows of, and comes again, for ever, with growing pauses. 4009 closes the connection of a
 *     second process of a worker whose first one answers.
 *  2. Each binary message, in both directions, is one MessagePack map with a `type`. A message that does not parse closes that
 *     connection, and only that one, with 1002 and a reason that names the field.
 *  3. The worker speaks first: `hello` says which process it is (`process`, new at each start of the program), what machine it
 *     runs on, and every command that it holds: `running`, `ended` (its last messages are not acknowledged yet) or `lost` (started by
 *     an earlier process of this worker that died; what was left of it has been killed, and its output is gone).
 *  4. The engine answers `welcome`, and then `decide`, also when nothing is held. For each held command: `resume` (the worker sends again
 *     everything with seq > fromSeq and goes on; up to fromSeq it is committed, as by an `ack`), `forget` (it drops what it keeps of it), or `kill` (it kills the process tree, and then
 *     drops). A command that is not named stays as it is and sends nothing on this connection.
 *  5. `start` starts a command. Its id is unique for ever, `installation/build/step/n`, so the worker can ignore the start of a command that
 *     it knows already: after a lost connection the engine may send it again without harm. Several commands may run at once.
 *  6. The worker sends `output` with the sequence numbers 1, 2, 3... of that command, and at last `ended`, which has the next number.
 *     Nothing of a command comes after its `ended`.
 *  7. The engine commits what it received and then sends `ack`: all of this command up to `seq` may be dropped. Acks may be rare and cover
 *     much; but a worker that keeps 64 MiB unacknowledged for one command stops reading that command's pipe. The ack of the `ended`
 *     seq makes the worker forget the command.
 *  8. `interrupt` ends a command early. It still ends by `ended` (`interrupted`), or as it would have if it was faster.
 *  9. A lost connection changes nothing for a running command. The worker connects again, perhaps to another engine, and step 3
 *     follows. A connection of the same `process` replaces the one before at once.
 * 10. `ping` is answered by `pong` with the same `n`. The engine pings every `keepaliveMs`, from the first `start` or `resume` on every `busyMs`, and
 *     after that as soon as each ping's `nextMs` says: often while it waits for commands, so that an engine that stands still is noticed within
 *     seconds. The worker gives a connection up when it heard nothing for three times that long.
 * 11. `shutdown` asks the worker to leave: it starts nothing more (a `start` that arrives later ends at once, `interrupted`), lets its
 *     commands end and be acknowledged, closes with 1000 and exits 0. With `now` it kills them instead.
 * 12. `leaving` is the worker's wish for that `shutdown`, once the builds that it has are over; it is said again on each connection.
 * 13. `goodbye` is the worker's last message when its own machine stops it: its commands are being killed, and the engine treats them as lost.
 */
export { closeReason, ProtocolError } from './msgpack.js'
export * from './extension/codec.js'
export * from './extension/command.js'
export * from './extension/engine-messages.js'
export * from './extension/worker-messages.js'
export { fingerprint } from './extension/fingerprint.js'
export { decodeStock, encodeStock, type StockMessage } from './buildbot/codec.js'
export { StockInfo, type UpdateEntry } from './buildbot/messages.js'
