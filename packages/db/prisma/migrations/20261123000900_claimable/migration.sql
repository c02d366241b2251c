-- CreateIndex
CREATE INDEX "build_requests_claimable" ON "build_requests"("builder_id", "priority" DESC, "submitted_at", "id") WHERE (state = 'pending' AND hold IS NULL);
