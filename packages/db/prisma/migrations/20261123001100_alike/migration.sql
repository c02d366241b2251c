-- AlterTable
ALTER TABLE "build_requests" ADD COLUMN     "work" TEXT;

-- CreateIndex
CREATE INDEX "build_requests_alike" ON "build_requests"("builder_id", "work") WHERE (state = 'pending');
