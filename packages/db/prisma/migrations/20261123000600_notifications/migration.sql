-- AlterTable
ALTER TABLE "configuration_sets" ADD COLUMN     "reports" TEXT[] DEFAULT ARRAY[]::TEXT[];

-- CreateTable
CREATE TABLE "report_feed" (
    "id" BIGSERIAL NOT NULL,
    "set_name" TEXT NOT NULL,
    "facts" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "report_feed_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "notifications" (
    "id" BIGSERIAL NOT NULL,
    "set_name" TEXT NOT NULL,
    "reporter" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "target" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "delivery" TEXT NOT NULL,
    "event" TEXT NOT NULL,
    "summary" TEXT NOT NULL,
    "payload" JSONB NOT NULL,
    "remark" TEXT,
    "state" TEXT NOT NULL DEFAULT 'waiting',
    "on_unknown" TEXT NOT NULL,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "replica_id" BIGINT,
    "due_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "deadline_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "ended_at" TIMESTAMPTZ(3),
    "detail" TEXT,
    "reference" TEXT,
    "builder_id" BIGINT,
    "build_request_id" BIGINT,
    "build_id" BIGINT,
    "buildset_id" BIGINT,
    "worker_id" BIGINT,
    "pool_id" BIGINT,
    "resent_of" BIGINT,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "notifications_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "notification_attempts" (
    "notification_id" BIGINT NOT NULL,
    "number" INTEGER NOT NULL,
    "replica_id" BIGINT NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "ended_at" TIMESTAMPTZ(3),
    "outcome" TEXT,
    "detail" TEXT,

    CONSTRAINT "notification_attempts_pkey" PRIMARY KEY ("notification_id","number")
);

-- CreateTable
CREATE TABLE "notification_targets" (
    "target" TEXT NOT NULL,
    "limited_until" TIMESTAMPTZ(3),
    "limit_reason" TEXT,
    "failures" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "notification_targets_pkey" PRIMARY KEY ("target")
);

-- CreateIndex
CREATE INDEX "report_feed_set_name_id_idx" ON "report_feed"("set_name", "id");

-- CreateIndex
CREATE INDEX "notifications_lines" ON "notifications"("target", "subject", "id") WHERE (state = 'waiting' OR state = 'sending');

-- CreateIndex
CREATE INDEX "notifications_due" ON "notifications"("due_at") WHERE (state = 'waiting');

-- CreateIndex
CREATE INDEX "notifications_sending" ON "notifications"("target") WHERE (state = 'sending');

-- CreateIndex
CREATE INDEX "notifications_build_id_id_idx" ON "notifications"("build_id", "id");

-- CreateIndex
CREATE INDEX "notifications_build_request_id_idx" ON "notifications"("build_request_id");

-- CreateIndex
CREATE INDEX "notifications_state_id_idx" ON "notifications"("state", "id");

-- CreateIndex
CREATE INDEX "notifications_ended" ON "notifications"("ended_at") WHERE (ended_at IS NOT NULL);

-- AddForeignKey
ALTER TABLE "notification_attempts" ADD CONSTRAINT "notification_attempts_notification_id_fkey" FOREIGN KEY ("notification_id") REFERENCES "notifications"("id") ON DELETE CASCADE ON UPDATE CASCADE;
