-- CreateIndex
CREATE INDEX "notifications_waiting" ON "notifications"("target", "id") WHERE (state = 'waiting');

-- CreateIndex
CREATE INDEX "notifications_reporter_id_idx" ON "notifications"("reporter", "id");

-- CreateIndex
CREATE INDEX "notifications_target_id_idx" ON "notifications"("target", "id");
