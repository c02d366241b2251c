import type { DeliveryKey, NewChange } from '@yardmaster/db/verbs/add-change'
import type { ChangeHooksConfig } from '@yardmaster/domain'
import type { Request } from 'express'
import type { Deps } from '../../deps.js'

export type HookName = keyof ChangeHooksConfig

/** A hook as a set has it configured. */
export type ConfiguredHook<Name extends HookName> = { generationId: number; config: NonNullable<ChangeHooksConfig[Name]> }

/** What a message is: it is kept, and answered, once its changes are committed. */
export type ReadMessage = { delivery: DeliveryKey | null; changes: NewChange[]; note: string }

/**
 * One kind of hook: checks who sends, and reads what is sent. `hooks` has that of each set, at least one: those with a secret, or where none has one, the first.
 * Throws HookError.
 */
export type HookDoor<Name extends HookName> = (deps: Deps, request: Request, hooks: [ConfiguredHook<Name>, ...ConfiguredHook<Name>[]]) => ReadMessage | Promise<ReadMessage>
