-- CreateIndex
CREATE INDEX "builds_started_at_idx" ON "builds"("started_at");

-- CreateIndex
CREATE INDEX "builds_complete_at_id_idx" ON "builds"("complete_at" NULLS FIRST, "id");

-- CreateIndex
CREATE INDEX "builds_results" ON "builds"("results", "id") WHERE (results IS NOT NULL);

-- CreateIndex
CREATE INDEX "buildsets_rebuilt" ON "buildsets"("rebuilt_build_id", "id") WHERE (rebuilt_build_id IS NOT NULL);

-- CreateIndex
CREATE INDEX "build_requests_open" ON "build_requests"("id") WHERE (state = 'pending' OR state = 'claimed');
