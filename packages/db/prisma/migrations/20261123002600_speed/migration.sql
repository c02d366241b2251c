-- CreateIndex
CREATE INDEX "builds_started_at_idx" ON "builds"("started_at");

-- CreateIndex
CREATE INDEX "builds_complete_at_id_idx" ON "builds"("complete_at" NULLS FIRST, "id");

-- CreateIndex
CREATE INDEX "builds_results" ON "builds"("results", "id") WHERE (results IS NOT NULL);

-- CreateIndex
CREATE INDEX "buildsets_rebuilt" ON "buildsets"("rebuilt_build_id", "id") WHERE (rebuilt_build_id IS NOT NULL);

-- A text of any length may stand in these: a B-tree would refuse long ones, and their rows with them.
-- CreateIndex
CREATE INDEX "changes_revision_idx" ON "changes" USING HASH ("revision");

-- CreateIndex
CREATE INDEX "changes_author_idx" ON "changes" USING HASH ("author");

-- CreateIndex
CREATE INDEX "changes_branch_idx" ON "changes" USING HASH ("branch");

-- CreateIndex
CREATE INDEX "changes_project_idx" ON "changes" USING HASH ("project");

-- CreateIndex
CREATE INDEX "changes_repository_idx" ON "changes" USING HASH ("repository");

-- CreateIndex
CREATE INDEX "sourcestamps_revision_idx" ON "sourcestamps" USING HASH ("revision");

-- CreateIndex
CREATE INDEX "build_requests_open" ON "build_requests"("id") WHERE (state = 'pending' OR state = 'claimed');

-- CreateIndex
CREATE INDEX "sourcestamps_branch_idx" ON "sourcestamps" USING HASH ("branch");
