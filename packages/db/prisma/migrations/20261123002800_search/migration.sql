-- Of their beginnings alone, because a text of any length may stand in them. No hashes, which take longer with each row of the same text.
-- Prisma's schema has no words for it.
CREATE INDEX "changes_of_author" ON "changes"(left("author", 100) text_pattern_ops, "id");

CREATE INDEX "changes_of_branch" ON "changes"(left("branch", 100), "id");

CREATE INDEX "changes_of_revision" ON "changes"(left("revision", 100), "id");

CREATE INDEX "changes_of_project" ON "changes"(left("project", 100), "id");

CREATE INDEX "changes_of_repository" ON "changes"(left("repository", 100), "id");

CREATE INDEX "sourcestamps_of_branch" ON "sourcestamps"(left("branch", 100), "id");

CREATE INDEX "sourcestamps_of_revision" ON "sourcestamps"(left("revision", 100) text_pattern_ops);

-- CreateTable
CREATE TABLE "reloads" (
    "id" BIGSERIAL NOT NULL,
    "set_name" TEXT NOT NULL,
    "actor" TEXT NOT NULL,
    "requested_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "reloads_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "reload_outcomes" (
    "reload_id" BIGINT NOT NULL,
    "replica_id" BIGINT NOT NULL,
    "outcome" TEXT NOT NULL,
    "generation_id" BIGINT,
    "findings" TEXT,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "reload_outcomes_pkey" PRIMARY KEY ("reload_id","replica_id")
);

-- CreateIndex
CREATE INDEX "reloads_set_name_id_idx" ON "reloads"("set_name", "id");

-- AddForeignKey
ALTER TABLE "reload_outcomes" ADD CONSTRAINT "reload_outcomes_reload_id_fkey" FOREIGN KEY ("reload_id") REFERENCES "reloads"("id") ON DELETE CASCADE ON UPDATE CASCADE;
