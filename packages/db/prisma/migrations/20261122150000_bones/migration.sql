-- CreateTable
CREATE TABLE "buildsets" (
    "id" BIGSERIAL NOT NULL,
    "external_id" TEXT,
    "reason" TEXT NOT NULL,
    "scheduler" TEXT,
    "actor" TEXT NOT NULL,
    "generation_id" BIGINT NOT NULL,
    "properties" JSONB NOT NULL DEFAULT '{}',
    "submitted_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "complete_at" TIMESTAMPTZ(3),
    "results" INTEGER,
    "remaining" INTEGER NOT NULL,
    "parent_build_id" BIGINT,
    "parent_relationship" TEXT,
    "rebuilt_build_id" BIGINT,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "buildsets_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "buildset_sourcestamps" (
    "buildset_id" BIGINT NOT NULL,
    "sourcestamp_id" BIGINT NOT NULL,

    CONSTRAINT "buildset_sourcestamps_pkey" PRIMARY KEY ("buildset_id","sourcestamp_id")
);

-- CreateTable
CREATE TABLE "build_requests" (
    "id" BIGSERIAL NOT NULL,
    "buildset_id" BIGINT NOT NULL,
    "builder_id" BIGINT NOT NULL,
    "project_id" BIGINT,
    "priority" INTEGER NOT NULL DEFAULT 0,
    "state" TEXT NOT NULL DEFAULT 'pending',
    "replica_id" BIGINT,
    "waited_for" BOOLEAN NOT NULL DEFAULT false,
    "submitted_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "claimed_at" TIMESTAMPTZ(3),
    "complete_at" TIMESTAMPTZ(3),
    "results" INTEGER,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "build_requests_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "builds" (
    "id" BIGSERIAL NOT NULL,
    "builder_id" BIGINT NOT NULL,
    "number" INTEGER NOT NULL,
    "project_id" BIGINT,
    "build_request_id" BIGINT NOT NULL,
    "worker_id" BIGINT NOT NULL,
    "replica_id" BIGINT,
    "generation_id" BIGINT NOT NULL,
    "properties" JSONB NOT NULL DEFAULT '{}',
    "started_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "complete_at" TIMESTAMPTZ(3),
    "state_string" TEXT NOT NULL DEFAULT '',
    "results" INTEGER,
    "stop_requested_at" TIMESTAMPTZ(3),
    "stop_reason" TEXT,
    "stop_actor" TEXT,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "builds_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "steps" (
    "id" BIGSERIAL NOT NULL,
    "build_id" BIGINT NOT NULL,
    "number" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "state_string" TEXT NOT NULL DEFAULT '',
    "started_at" TIMESTAMPTZ(3),
    "complete_at" TIMESTAMPTZ(3),
    "results" INTEGER,
    "urls" JSONB NOT NULL DEFAULT '[]',
    "hidden" BOOLEAN NOT NULL DEFAULT false,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "steps_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "effects" (
    "build_id" BIGINT NOT NULL,
    "step_number" INTEGER NOT NULL,
    "n" INTEGER NOT NULL,
    "kind" TEXT NOT NULL,
    "fingerprint" TEXT NOT NULL,
    "seq" BIGINT NOT NULL DEFAULT 0,
    "first_line" INTEGER NOT NULL DEFAULT 0,
    "outcome" JSONB,

    CONSTRAINT "effects_pkey" PRIMARY KEY ("build_id","step_number","n")
);

-- CreateTable
CREATE TABLE "logs" (
    "id" BIGSERIAL NOT NULL,
    "step_id" BIGINT NOT NULL,
    "name" TEXT NOT NULL,
    "slug" TEXT NOT NULL,
    "type" TEXT NOT NULL DEFAULT 's',
    "complete" BOOLEAN NOT NULL DEFAULT false,
    "num_lines" INTEGER NOT NULL DEFAULT 0,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "logs_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "log_chunks" (
    "log_id" BIGINT NOT NULL,
    "first_line" INTEGER NOT NULL,
    "last_line" INTEGER NOT NULL,
    "content" BYTEA NOT NULL,

    CONSTRAINT "log_chunks_pkey" PRIMARY KEY ("log_id","first_line")
);

-- CreateTable
CREATE TABLE "builders" (
    "id" BIGSERIAL NOT NULL,
    "key" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "set_name" TEXT NOT NULL,
    "project_id" BIGINT,
    "description" TEXT,
    "tags" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "active" BOOLEAN NOT NULL DEFAULT true,
    "collapse_requests" BOOLEAN NOT NULL DEFAULT true,
    "next_number" INTEGER NOT NULL DEFAULT 1,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "builders_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "builder_workers" (
    "builder_id" BIGINT NOT NULL,
    "worker_id" BIGINT NOT NULL,

    CONSTRAINT "builder_workers_pkey" PRIMARY KEY ("builder_id","worker_id")
);

-- CreateTable
CREATE TABLE "schedulers" (
    "id" BIGSERIAL NOT NULL,
    "name" TEXT NOT NULL,
    "set_name" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "enabled" BOOLEAN NOT NULL DEFAULT true,
    "active" BOOLEAN NOT NULL DEFAULT true,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "schedulers_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "scheduler_timers" (
    "scheduler_id" BIGINT NOT NULL,
    "key" TEXT NOT NULL,
    "change_ids" BIGINT[],
    "important" BOOLEAN NOT NULL DEFAULT false,
    "due_at" TIMESTAMPTZ(3) NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "scheduler_timers_pkey" PRIMARY KEY ("scheduler_id","key")
);

-- CreateTable
CREATE TABLE "change_sources" (
    "id" BIGSERIAL NOT NULL,
    "name" TEXT NOT NULL,
    "set_name" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "active" BOOLEAN NOT NULL DEFAULT true,
    "state" JSONB NOT NULL DEFAULT '{}',
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "change_sources_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "deliveries" (
    "id" BIGSERIAL NOT NULL,
    "source" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "received_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "deliveries_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "changes" (
    "id" BIGSERIAL NOT NULL,
    "delivery_id" BIGINT,
    "sourcestamp_id" BIGINT NOT NULL,
    "author" TEXT NOT NULL,
    "committer" TEXT,
    "comments" TEXT NOT NULL,
    "branch" TEXT,
    "revision" TEXT,
    "revlink" TEXT,
    "category" TEXT,
    "repository" TEXT NOT NULL DEFAULT '',
    "codebase" TEXT NOT NULL DEFAULT '',
    "project" TEXT NOT NULL DEFAULT '',
    "properties" JSONB NOT NULL DEFAULT '{}',
    "files" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "parent_change_ids" BIGINT[] DEFAULT ARRAY[]::BIGINT[],
    "when_at" TIMESTAMPTZ(3) NOT NULL,
    "received_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "dispatched_at" TIMESTAMPTZ(3),
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "changes_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "sourcestamps" (
    "id" BIGSERIAL NOT NULL,
    "key" TEXT NOT NULL,
    "codebase" TEXT NOT NULL,
    "repository" TEXT NOT NULL,
    "project" TEXT NOT NULL,
    "branch" TEXT,
    "revision" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "sourcestamps_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "control_actions" (
    "id" BIGSERIAL NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "actor" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "thing" TEXT NOT NULL,
    "thing_id" BIGINT,
    "parameters" JSONB NOT NULL DEFAULT '{}',

    CONSTRAINT "control_actions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "installation" (
    "singleton" BOOLEAN NOT NULL DEFAULT true,
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "installation_pkey" PRIMARY KEY ("singleton")
);

-- CreateTable
CREATE TABLE "configuration_sets" (
    "name" TEXT NOT NULL,
    "active_generation_id" BIGINT,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "configuration_sets_pkey" PRIMARY KEY ("name")
);

-- CreateTable
CREATE TABLE "generations" (
    "id" BIGSERIAL NOT NULL,
    "set_name" TEXT NOT NULL,
    "digest" TEXT NOT NULL,
    "code" TEXT NOT NULL,
    "configuration" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "activated_at" TIMESTAMPTZ(3),

    CONSTRAINT "generations_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "projects" (
    "id" BIGSERIAL NOT NULL,
    "name" TEXT NOT NULL,
    "slug" TEXT NOT NULL,
    "description" TEXT,
    "active" BOOLEAN NOT NULL DEFAULT true,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "projects_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "replicas" (
    "id" BIGSERIAL NOT NULL,
    "role" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "host" TEXT NOT NULL,
    "pid" INTEGER NOT NULL,
    "software_version" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'alive',
    "beat" BIGINT NOT NULL DEFAULT 0,
    "batch" BIGINT NOT NULL DEFAULT 0,
    "started_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "stopped_at" TIMESTAMPTZ(3),
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "replicas_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "duties" (
    "name" TEXT NOT NULL,
    "replica_id" BIGINT NOT NULL,
    "until" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "duties_pkey" PRIMARY KEY ("name")
);

-- CreateTable
CREATE TABLE "outbox" (
    "id" BIGSERIAL NOT NULL,
    "envelopes" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "outbox_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "workers" (
    "id" BIGSERIAL NOT NULL,
    "name" TEXT NOT NULL,
    "set_name" TEXT NOT NULL,
    "active" BOOLEAN NOT NULL DEFAULT true,
    "max_builds" INTEGER,
    "labels" JSONB NOT NULL DEFAULT '{}',
    "info" JSONB NOT NULL DEFAULT '{}',
    "paused" BOOLEAN NOT NULL DEFAULT false,
    "pause_reason" TEXT,
    "graceful" BOOLEAN NOT NULL DEFAULT false,
    "notes" TEXT,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "workers_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "worker_sessions" (
    "worker_id" BIGINT NOT NULL,
    "number" BIGINT NOT NULL DEFAULT 0,
    "replica_id" BIGINT,
    "process_id" TEXT,
    "connected" BOOLEAN NOT NULL DEFAULT false,
    "connected_at" TIMESTAMPTZ(3),
    "disconnected_at" TIMESTAMPTZ(3),

    CONSTRAINT "worker_sessions_pkey" PRIMARY KEY ("worker_id")
);

-- CreateIndex
CREATE INDEX "buildsets_parent_build_id_idx" ON "buildsets"("parent_build_id");

-- CreateIndex
CREATE INDEX "buildsets_open" ON "buildsets"("id") WHERE (complete_at IS NULL);

-- CreateIndex
CREATE INDEX "buildset_sourcestamps_sourcestamp_id_idx" ON "buildset_sourcestamps"("sourcestamp_id");

-- CreateIndex
CREATE INDEX "build_requests_buildset_id_idx" ON "build_requests"("buildset_id");

-- CreateIndex
CREATE INDEX "build_requests_builder_id_id_idx" ON "build_requests"("builder_id", "id");

-- CreateIndex
CREATE INDEX "build_requests_pending" ON "build_requests"("builder_id", "priority" DESC, "submitted_at", "id") WHERE (state = 'pending');

-- CreateIndex
CREATE INDEX "build_requests_claimed" ON "build_requests"("replica_id") WHERE (state = 'claimed');

-- CreateIndex
CREATE INDEX "builds_builder_id_id_idx" ON "builds"("builder_id", "id");

-- CreateIndex
CREATE INDEX "builds_build_request_id_idx" ON "builds"("build_request_id");

-- CreateIndex
CREATE INDEX "builds_worker_id_id_idx" ON "builds"("worker_id", "id");

-- CreateIndex
CREATE INDEX "builds_running" ON "builds"("worker_id") WHERE (complete_at IS NULL);

-- CreateIndex
CREATE INDEX "builds_stop_requested" ON "builds"("id") WHERE (complete_at IS NULL AND stop_requested_at IS NOT NULL);

-- CreateIndex
CREATE UNIQUE INDEX "builds_builder_id_number_key" ON "builds"("builder_id", "number");

-- CreateIndex
CREATE UNIQUE INDEX "steps_build_id_number_key" ON "steps"("build_id", "number");

-- CreateIndex
CREATE UNIQUE INDEX "logs_step_id_slug_key" ON "logs"("step_id", "slug");

-- CreateIndex
CREATE UNIQUE INDEX "builders_key_key" ON "builders"("key");

-- CreateIndex
CREATE INDEX "builders_name_idx" ON "builders"("name");

-- CreateIndex
CREATE UNIQUE INDEX "builders_active_name_key" ON "builders"("name") WHERE (active);

-- CreateIndex
CREATE INDEX "builder_workers_worker_id_idx" ON "builder_workers"("worker_id");

-- CreateIndex
CREATE UNIQUE INDEX "schedulers_name_key" ON "schedulers"("name");

-- CreateIndex
CREATE INDEX "scheduler_timers_due_at_idx" ON "scheduler_timers"("due_at");

-- CreateIndex
CREATE UNIQUE INDEX "change_sources_name_key" ON "change_sources"("name");

-- CreateIndex
CREATE UNIQUE INDEX "deliveries_source_key_key" ON "deliveries"("source", "key");

-- CreateIndex
CREATE INDEX "changes_sourcestamp_id_idx" ON "changes"("sourcestamp_id");

-- CreateIndex
CREATE INDEX "changes_undispatched" ON "changes"("id") WHERE (dispatched_at IS NULL);

-- CreateIndex
CREATE UNIQUE INDEX "sourcestamps_key_key" ON "sourcestamps"("key");

-- CreateIndex
CREATE INDEX "control_actions_thing_thing_id_idx" ON "control_actions"("thing", "thing_id");

-- CreateIndex
CREATE UNIQUE INDEX "installation_id_key" ON "installation"("id");

-- CreateIndex
CREATE UNIQUE INDEX "configuration_sets_active_generation_id_key" ON "configuration_sets"("active_generation_id");

-- CreateIndex
CREATE UNIQUE INDEX "generations_set_name_digest_key" ON "generations"("set_name", "digest");

-- CreateIndex
CREATE UNIQUE INDEX "projects_name_key" ON "projects"("name");

-- CreateIndex
CREATE INDEX "replicas_state_idx" ON "replicas"("state");

-- CreateIndex
CREATE UNIQUE INDEX "workers_name_key" ON "workers"("name");

-- CreateIndex
CREATE INDEX "worker_sessions_replica_id_idx" ON "worker_sessions"("replica_id");

-- CreateIndex
CREATE INDEX "worker_sessions_disconnected" ON "worker_sessions"("disconnected_at") WHERE (NOT connected);

-- AddForeignKey
ALTER TABLE "buildsets" ADD CONSTRAINT "buildsets_generation_id_fkey" FOREIGN KEY ("generation_id") REFERENCES "generations"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "buildset_sourcestamps" ADD CONSTRAINT "buildset_sourcestamps_buildset_id_fkey" FOREIGN KEY ("buildset_id") REFERENCES "buildsets"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "buildset_sourcestamps" ADD CONSTRAINT "buildset_sourcestamps_sourcestamp_id_fkey" FOREIGN KEY ("sourcestamp_id") REFERENCES "sourcestamps"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "build_requests" ADD CONSTRAINT "build_requests_buildset_id_fkey" FOREIGN KEY ("buildset_id") REFERENCES "buildsets"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "build_requests" ADD CONSTRAINT "build_requests_builder_id_fkey" FOREIGN KEY ("builder_id") REFERENCES "builders"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "build_requests" ADD CONSTRAINT "build_requests_replica_id_fkey" FOREIGN KEY ("replica_id") REFERENCES "replicas"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "builds" ADD CONSTRAINT "builds_builder_id_fkey" FOREIGN KEY ("builder_id") REFERENCES "builders"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "builds" ADD CONSTRAINT "builds_build_request_id_fkey" FOREIGN KEY ("build_request_id") REFERENCES "build_requests"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "builds" ADD CONSTRAINT "builds_worker_id_fkey" FOREIGN KEY ("worker_id") REFERENCES "workers"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "builds" ADD CONSTRAINT "builds_replica_id_fkey" FOREIGN KEY ("replica_id") REFERENCES "replicas"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "builds" ADD CONSTRAINT "builds_generation_id_fkey" FOREIGN KEY ("generation_id") REFERENCES "generations"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "steps" ADD CONSTRAINT "steps_build_id_fkey" FOREIGN KEY ("build_id") REFERENCES "builds"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "effects" ADD CONSTRAINT "effects_build_id_fkey" FOREIGN KEY ("build_id") REFERENCES "builds"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "logs" ADD CONSTRAINT "logs_step_id_fkey" FOREIGN KEY ("step_id") REFERENCES "steps"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "log_chunks" ADD CONSTRAINT "log_chunks_log_id_fkey" FOREIGN KEY ("log_id") REFERENCES "logs"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "builders" ADD CONSTRAINT "builders_project_id_fkey" FOREIGN KEY ("project_id") REFERENCES "projects"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "builder_workers" ADD CONSTRAINT "builder_workers_builder_id_fkey" FOREIGN KEY ("builder_id") REFERENCES "builders"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "builder_workers" ADD CONSTRAINT "builder_workers_worker_id_fkey" FOREIGN KEY ("worker_id") REFERENCES "workers"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "scheduler_timers" ADD CONSTRAINT "scheduler_timers_scheduler_id_fkey" FOREIGN KEY ("scheduler_id") REFERENCES "schedulers"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "changes" ADD CONSTRAINT "changes_delivery_id_fkey" FOREIGN KEY ("delivery_id") REFERENCES "deliveries"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "changes" ADD CONSTRAINT "changes_sourcestamp_id_fkey" FOREIGN KEY ("sourcestamp_id") REFERENCES "sourcestamps"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "configuration_sets" ADD CONSTRAINT "configuration_sets_active_generation_id_fkey" FOREIGN KEY ("active_generation_id") REFERENCES "generations"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "generations" ADD CONSTRAINT "generations_set_name_fkey" FOREIGN KEY ("set_name") REFERENCES "configuration_sets"("name") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "duties" ADD CONSTRAINT "duties_replica_id_fkey" FOREIGN KEY ("replica_id") REFERENCES "replicas"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "worker_sessions" ADD CONSTRAINT "worker_sessions_worker_id_fkey" FOREIGN KEY ("worker_id") REFERENCES "workers"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "worker_sessions" ADD CONSTRAINT "worker_sessions_replica_id_fkey" FOREIGN KEY ("replica_id") REFERENCES "replicas"("id") ON DELETE SET NULL ON UPDATE CASCADE;



-- Hot chunks are written once and sealed later: compressing them twice would cost more than the disk they save.
ALTER TABLE "log_chunks" ALTER COLUMN "content" SET STORAGE EXTERNAL;
