-- AlterTable
ALTER TABLE "build_requests" ADD COLUMN "hold" TEXT, ADD COLUMN "properties" JSONB, ADD COLUMN "end_reason" TEXT, ADD COLUMN "end_actor" TEXT;

-- AlterTable
ALTER TABLE "builders" ADD COLUMN "collapse_by_function" BOOLEAN NOT NULL DEFAULT false, ADD COLUMN "max_pending" INTEGER, ADD COLUMN "max_pending_action" TEXT,
  ADD COLUMN "no_worker_after" INTEGER, ADD COLUMN "no_worker_action" TEXT, ADD COLUMN "no_worker_since" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "configuration_sets" ADD COLUMN "cancels_old" BOOLEAN NOT NULL DEFAULT false, ADD COLUMN "cancels_failing" BOOLEAN NOT NULL DEFAULT false;

-- CreateTable
CREATE TABLE "pending_cancellations" (
    "id" BIGSERIAL NOT NULL,
    "set_name" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "buildset_id" BIGINT NOT NULL,
    "request_id" BIGINT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "pending_cancellations_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "pending_cancellations_set_name_id_idx" ON "pending_cancellations"("set_name", "id");

-- CreateIndex
CREATE INDEX "pending_cancellations_buildset_id_idx" ON "pending_cancellations"("buildset_id");

-- CreateIndex
CREATE INDEX "build_requests_undecided" ON "build_requests"("builder_id", "id") WHERE (state = 'pending' AND hold = 'collapse');

-- AddForeignKey
ALTER TABLE "pending_cancellations" ADD CONSTRAINT "pending_cancellations_buildset_id_fkey" FOREIGN KEY ("buildset_id") REFERENCES "buildsets"("id") ON DELETE CASCADE ON UPDATE CASCADE;
