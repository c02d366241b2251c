-- AlterTable
ALTER TABLE "builds" ADD COLUMN     "instance_id" BIGINT;

-- AlterTable
ALTER TABLE "worker_sessions" ADD COLUMN     "instance_id" BIGINT;

-- AlterTable
ALTER TABLE "workers" ADD COLUMN     "pool_id" BIGINT;

-- CreateTable
CREATE TABLE "worker_pools" (
    "id" BIGSERIAL NOT NULL,
    "name" TEXT NOT NULL,
    "set_name" TEXT NOT NULL,
    "active" BOOLEAN NOT NULL DEFAULT true,
    "failures" INTEGER NOT NULL DEFAULT 0,
    "backoff_until" TIMESTAMPTZ(3),
    "backoff_reason" TEXT,
    "alert" TEXT,
    "alerted_at" TIMESTAMPTZ(3),
    "paused" BOOLEAN NOT NULL DEFAULT false,
    "pause_reason" TEXT,
    "obstacle" TEXT,
    "obstacle_until" TIMESTAMPTZ(3),
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "worker_pools_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "instances" (
    "id" BIGSERIAL NOT NULL,
    "pool_id" BIGINT NOT NULL,
    "worker_id" BIGINT NOT NULL,
    "attempt" INTEGER NOT NULL,
    "label_attempt" INTEGER,
    "provider" TEXT NOT NULL,
    "generation_id" BIGINT NOT NULL,
    "fingerprint" TEXT,
    "request_id" BIGINT,
    "options" JSONB NOT NULL DEFAULT '{}',
    "zone" TEXT,
    "plan" TEXT,
    "desired" TEXT NOT NULL DEFAULT 'running',
    "observed" TEXT NOT NULL DEFAULT 'unknown',
    "operation" TEXT,
    "operation_replica_id" BIGINT,
    "operation_since" TIMESTAMPTZ(3),
    "unsure_since" TIMESTAMPTZ(3),
    "tries" INTEGER NOT NULL DEFAULT 0,
    "retry_at" TIMESTAMPTZ(3),
    "holds_slot" BOOLEAN NOT NULL DEFAULT true,
    "external_id" TEXT,
    "storages" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "address" TEXT,
    "detail" TEXT,
    "password_hash" TEXT,
    "reason" TEXT NOT NULL,
    "retire_reason" TEXT,
    "end_reason" TEXT,
    "failure_class" TEXT,
    "failure" TEXT,
    "uses" INTEGER NOT NULL DEFAULT 0,
    "price_per_hour" DOUBLE PRECISION,
    "currency" TEXT,
    "billing_period" INTEGER NOT NULL DEFAULT 1,
    "requested_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_at" TIMESTAMPTZ(3),
    "started_at" TIMESTAMPTZ(3),
    "connected_at" TIMESTAMPTZ(3),
    "idle_since" TIMESTAMPTZ(3),
    "observed_at" TIMESTAMPTZ(3),
    "condemned_at" TIMESTAMPTZ(3),
    "gone_at" TIMESTAMPTZ(3),
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "instances_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "request_machines" (
    "request_id" BIGINT NOT NULL,
    "pool_id" BIGINT NOT NULL,
    "generation_id" BIGINT NOT NULL,
    "fingerprint" TEXT,
    "problem" TEXT,

    CONSTRAINT "request_machines_pkey" PRIMARY KEY ("request_id","pool_id")
);

-- CreateTable
CREATE TABLE "sightings" (
    "provider" TEXT NOT NULL,
    "external_id" TEXT NOT NULL,
    "first_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "sightings_pkey" PRIMARY KEY ("provider","external_id")
);

-- CreateIndex
CREATE UNIQUE INDEX "worker_pools_name_key" ON "worker_pools"("name");

-- CreateIndex
CREATE INDEX "instances_pool_id_requested_at_idx" ON "instances"("pool_id", "requested_at");

-- CreateIndex
CREATE INDEX "instances_request_id_idx" ON "instances"("request_id");

-- CreateIndex
CREATE INDEX "instances_pool_id_id_idx" ON "instances"("pool_id", "id");

-- CreateIndex
CREATE INDEX "instances_gone_at_pool_id_idx" ON "instances"("gone_at", "pool_id");

-- CreateIndex
CREATE INDEX "instances_refused" ON "instances"("generation_id", "pool_id", "fingerprint") WHERE (failure_class = 'configuration');

-- CreateIndex
CREATE INDEX "instances_open" ON "instances"("pool_id") WHERE (gone_at IS NULL);

-- CreateIndex
CREATE UNIQUE INDEX "instances_worker_id_attempt_key" ON "instances"("worker_id", "attempt");

-- CreateIndex
CREATE UNIQUE INDEX "instances_slot_key" ON "instances"("worker_id") WHERE (holds_slot);

-- CreateIndex
CREATE INDEX "request_machines_pool_id_idx" ON "request_machines"("pool_id");

-- CreateIndex
CREATE INDEX "builds_of_instance" ON "builds"("instance_id", "id") WHERE (instance_id IS NOT NULL);

-- CreateIndex
CREATE INDEX "worker_sessions_instance_id_idx" ON "worker_sessions"("instance_id");

-- AddForeignKey
ALTER TABLE "builds" ADD CONSTRAINT "builds_instance_id_fkey" FOREIGN KEY ("instance_id") REFERENCES "instances"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "instances" ADD CONSTRAINT "instances_pool_id_fkey" FOREIGN KEY ("pool_id") REFERENCES "worker_pools"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "instances" ADD CONSTRAINT "instances_worker_id_fkey" FOREIGN KEY ("worker_id") REFERENCES "workers"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "instances" ADD CONSTRAINT "instances_request_id_fkey" FOREIGN KEY ("request_id") REFERENCES "build_requests"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "instances" ADD CONSTRAINT "instances_generation_id_fkey" FOREIGN KEY ("generation_id") REFERENCES "generations"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "request_machines" ADD CONSTRAINT "request_machines_request_id_fkey" FOREIGN KEY ("request_id") REFERENCES "build_requests"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "request_machines" ADD CONSTRAINT "request_machines_pool_id_fkey" FOREIGN KEY ("pool_id") REFERENCES "worker_pools"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "workers" ADD CONSTRAINT "workers_pool_id_fkey" FOREIGN KEY ("pool_id") REFERENCES "worker_pools"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "worker_sessions" ADD CONSTRAINT "worker_sessions_instance_id_fkey" FOREIGN KEY ("instance_id") REFERENCES "instances"("id") ON DELETE SET NULL ON UPDATE CASCADE;


