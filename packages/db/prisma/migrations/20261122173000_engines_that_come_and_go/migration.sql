-- AlterTable
ALTER TABLE "build_requests" ADD COLUMN     "not_before" TIMESTAMPTZ(3),
ADD COLUMN     "waits_for" TEXT;

-- AlterTable
ALTER TABLE "builders" ADD COLUMN     "units" INTEGER NOT NULL DEFAULT 1;

-- AlterTable
ALTER TABLE "builds" ADD COLUMN     "stop_requests" INTEGER NOT NULL DEFAULT 0;

-- AlterTable
ALTER TABLE "effects" ADD COLUMN     "process_id" TEXT;

-- AlterTable
ALTER TABLE "replicas" ADD COLUMN     "drain_actor" TEXT,
ADD COLUMN     "drain_deadline" TIMESTAMPTZ(3),
ADD COLUMN     "drain_requested_at" TIMESTAMPTZ(3),
ADD COLUMN     "limits" JSONB,
ADD COLUMN     "sets" TEXT[] DEFAULT ARRAY[]::TEXT[],
ADD COLUMN     "worker_url" TEXT;

-- AlterTable
ALTER TABLE "worker_sessions" ADD COLUMN     "contested_at" TIMESTAMPTZ(3),
ADD COLUMN     "orphans" TEXT[] DEFAULT ARRAY[]::TEXT[],
ADD COLUMN     "protocol" TEXT NOT NULL DEFAULT 'yardmaster';

-- AlterTable
ALTER TABLE "workers" ADD COLUMN     "capacity" INTEGER,
ADD COLUMN     "failures" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "kill_requested_at" TIMESTAMPTZ(3),
ADD COLUMN     "missing_told_at" TIMESTAMPTZ(3),
ADD COLUMN     "quarantine_reason" TEXT,
ADD COLUMN     "quarantined_until" TIMESTAMPTZ(3),
ADD COLUMN     "reported_labels" JSONB NOT NULL DEFAULT '{}',
ADD COLUMN     "status" JSONB;

-- CreateTable
CREATE TABLE "locks" (
    "id" BIGSERIAL NOT NULL,
    "key" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "max_count" INTEGER NOT NULL,
    "generation_id" BIGINT NOT NULL,

    CONSTRAINT "locks_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "lock_claims" (
    "id" BIGSERIAL NOT NULL,
    "lock_id" BIGINT NOT NULL,
    "build_id" BIGINT NOT NULL,
    "step_number" INTEGER,
    "mode" TEXT NOT NULL,
    "count" INTEGER NOT NULL DEFAULT 1,
    "asked_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "held_at" TIMESTAMPTZ(3),

    CONSTRAINT "lock_claims_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "locks_key_key" ON "locks"("key");

-- CreateIndex
CREATE INDEX "lock_claims_lock_id_id_idx" ON "lock_claims"("lock_id", "id");

-- CreateIndex
CREATE INDEX "lock_claims_build_id_idx" ON "lock_claims"("build_id");

-- CreateIndex
CREATE INDEX "lock_claims_waiting" ON "lock_claims"("lock_id") WHERE (held_at IS NULL);

-- AddForeignKey
ALTER TABLE "lock_claims" ADD CONSTRAINT "lock_claims_lock_id_fkey" FOREIGN KEY ("lock_id") REFERENCES "locks"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "lock_claims" ADD CONSTRAINT "lock_claims_build_id_fkey" FOREIGN KEY ("build_id") REFERENCES "builds"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AlterTable
ALTER TABLE "builders" ADD COLUMN     "served_at" TIMESTAMPTZ(3);

-- CreateIndex
CREATE INDEX "build_requests_not_before" ON "build_requests"("not_before") WHERE (state = 'pending' AND not_before IS NOT NULL);

-- AlterTable
ALTER TABLE "workers" ADD COLUMN     "downtime" JSONB NOT NULL DEFAULT '[]',
ADD COLUMN     "expected_since" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
ADD COLUMN     "failed_at" TIMESTAMPTZ(3),
ADD COLUMN     "missing_timeout" INTEGER,
ADD COLUMN     "notify_on_missing" TEXT[] DEFAULT ARRAY[]::TEXT[],
ADD COLUMN     "quarantine" JSONB;

-- AlterTable
ALTER TABLE "worker_sessions" ADD COLUMN     "builds_left" INTEGER;

-- AlterTable
ALTER TABLE "effects" ADD COLUMN     "position" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "ranges" JSONB;

-- CreateIndex
CREATE INDEX "build_requests_waited_for" ON "build_requests"("buildset_id") WHERE (waited_for AND state <> 'complete');

-- AlterTable
ALTER TABLE "builders" ADD COLUMN     "worker_labels" JSONB;

-- AlterTable
ALTER TABLE "builder_workers" ADD COLUMN     "by_label" BOOLEAN NOT NULL DEFAULT false;

-- CreateTable
CREATE TABLE "pending_dispatches" (
    "set_name" TEXT NOT NULL,
    "change_id" BIGINT NOT NULL,

    CONSTRAINT "pending_dispatches_pkey" PRIMARY KEY ("set_name","change_id")
);

-- CreateIndex
CREATE INDEX "pending_dispatches_change_id_idx" ON "pending_dispatches"("change_id");

-- AddForeignKey
ALTER TABLE "pending_dispatches" ADD CONSTRAINT "pending_dispatches_set_name_fkey" FOREIGN KEY ("set_name") REFERENCES "configuration_sets"("name") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "pending_dispatches" ADD CONSTRAINT "pending_dispatches_change_id_fkey" FOREIGN KEY ("change_id") REFERENCES "changes"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What was accepted before goes to the sets that there are.
INSERT INTO "pending_dispatches" ("set_name", "change_id") SELECT s.name, c.id FROM "configuration_sets" s CROSS JOIN "changes" c WHERE c.dispatched_at IS NULL AND s.active_generation_id IS NOT NULL;
