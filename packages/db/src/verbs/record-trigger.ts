import type { Properties, SourceStampData } from '@yardmaster/domain'
import { storableJson } from '../storable.js'
import type { Transaction } from '../transaction.js'

/** What a nightlyTriggerable scheduler is triggered with: its next tick builds it. */
export type DeferredTrigger = { scheduler: string; sourcestamps: SourceStampData[]; properties: Properties; parentBuildId: number | null; parentRelationship: string | null }

/** As in Buildbot, only the last one before the tick counts. */
export async function recordTrigger(tx: Transaction, trigger: DeferredTrigger): Promise<void> {
  await tx.execute(
    `INSERT INTO scheduler_triggers (scheduler_id, sourcestamps, properties, parent_build_id, parent_relationship)
     SELECT id, $2::jsonb, $3::jsonb, $4, $5 FROM schedulers WHERE name = $1
     ON CONFLICT (scheduler_id) DO UPDATE SET sourcestamps = excluded.sourcestamps, properties = excluded.properties, parent_build_id = excluded.parent_build_id,
       parent_relationship = excluded.parent_relationship, version = scheduler_triggers.version + 1`,
    [trigger.scheduler, storableJson(trigger.sourcestamps), storableJson(trigger.properties), trigger.parentBuildId, trigger.parentRelationship])
}
