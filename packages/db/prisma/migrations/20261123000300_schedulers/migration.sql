-- AlterTable
ALTER TABLE "schedulers" ADD COLUMN     "upstream" TEXT;

-- CreateTable
CREATE TABLE "scheduler_clocks" (
    "scheduler_id" BIGINT NOT NULL,
    "spec" TEXT NOT NULL,
    "due_at" TIMESTAMPTZ(3),
    "fired_at" TIMESTAMPTZ(3),
    "force_next" BOOLEAN NOT NULL DEFAULT true,
    "silence" TEXT,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "scheduler_clocks_pkey" PRIMARY KEY ("scheduler_id")
);

-- CreateTable
CREATE TABLE "scheduler_tasks" (
    "id" BIGSERIAL NOT NULL,
    "scheduler_id" BIGINT NOT NULL,
    "cause" TEXT NOT NULL,
    "change_ids" BIGINT[] DEFAULT ARRAY[]::BIGINT[],
    "tick_at" TIMESTAMPTZ(3),
    "forced" BOOLEAN NOT NULL DEFAULT false,
    "buildset_id" BIGINT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "due_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "failure" TEXT,

    CONSTRAINT "scheduler_tasks_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "scheduler_places" (
    "scheduler_id" BIGINT NOT NULL,
    "codebase" TEXT NOT NULL,
    "repository" TEXT NOT NULL,
    "branch" TEXT,
    "revision" TEXT,
    "change_id" BIGINT NOT NULL,

    CONSTRAINT "scheduler_places_pkey" PRIMARY KEY ("scheduler_id","codebase")
);

-- CreateTable
CREATE TABLE "scheduler_triggers" (
    "scheduler_id" BIGINT NOT NULL,
    "sourcestamps" JSONB NOT NULL,
    "properties" JSONB NOT NULL,
    "parent_build_id" BIGINT,
    "parent_relationship" TEXT,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "scheduler_triggers_pkey" PRIMARY KEY ("scheduler_id")
);

-- CreateIndex
CREATE INDEX "scheduler_clocks_due_at_idx" ON "scheduler_clocks"("due_at");

-- CreateIndex
CREATE INDEX "scheduler_tasks_scheduler_id_id_idx" ON "scheduler_tasks"("scheduler_id", "id");

-- CreateIndex
CREATE INDEX "schedulers_upstream_idx" ON "schedulers"("upstream") WHERE (upstream IS NOT NULL);

-- AddForeignKey
ALTER TABLE "scheduler_clocks" ADD CONSTRAINT "scheduler_clocks_scheduler_id_fkey" FOREIGN KEY ("scheduler_id") REFERENCES "schedulers"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "scheduler_tasks" ADD CONSTRAINT "scheduler_tasks_scheduler_id_fkey" FOREIGN KEY ("scheduler_id") REFERENCES "schedulers"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "scheduler_places" ADD CONSTRAINT "scheduler_places_scheduler_id_fkey" FOREIGN KEY ("scheduler_id") REFERENCES "schedulers"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "scheduler_triggers" ADD CONSTRAINT "scheduler_triggers_scheduler_id_fkey" FOREIGN KEY ("scheduler_id") REFERENCES "schedulers"("id") ON DELETE CASCADE ON UPDATE CASCADE;


