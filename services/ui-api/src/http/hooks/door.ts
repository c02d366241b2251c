import type { NewDelivery } from '@yardmaster/db/verbs/accept-deliveries'
import type { ChangeHooksConfig } from '@yardmaster/domain'
import type { Request } from 'express'
import type { Deps } from '../../deps.js'

export type HookName = keyof ChangeHooksConfig

/** A hook as a set has it configured. */
export type ConfiguredHook<Name extends HookName> = { generationId: number; config: NonNullable<ChangeHooksConfig[Name]> }

/** What a message is: it is answered once it is committed, with its changes or (null) to be worked on later. */
export type ReadMessage = NewDelivery | Done
/** There was nothing to keep. */
export type Done = { done: string }

/**
 * One kind of hook: checks who sends, and reads what is sent. `hooks` has that of each set, at least one: those with a secret, or where none has one, the first.
 * Throws HookError.
 */
export type HookDoor<Name extends HookName> = (deps: Deps, request: Request, hooks: [ConfiguredHook<Name>, ...ConfiguredHook<Name>[]]) => ReadMessage | Promise<ReadMessage>
