-- CreateIndex
CREATE INDEX "notifications_references" ON "notifications"("target", "subject", "id") WHERE (reference IS NOT NULL);
