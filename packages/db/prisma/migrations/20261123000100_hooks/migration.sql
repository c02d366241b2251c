-- AlterTable
ALTER TABLE "deliveries" ADD COLUMN     "attempts" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "done_at" TIMESTAMPTZ(3),
ADD COLUMN     "error" TEXT,
ADD COLUMN     "event" TEXT NOT NULL DEFAULT '',
ADD COLUMN     "hashed" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "next_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
ADD COLUMN     "note" TEXT NOT NULL DEFAULT '',
ADD COLUMN     "payload" TEXT,
ADD COLUMN     "repository" TEXT NOT NULL DEFAULT '',
ADD COLUMN     "set_name" TEXT,
ADD COLUMN     "state" TEXT NOT NULL DEFAULT 'done',
ADD COLUMN     "taken_by" BIGINT,
ADD COLUMN     "version" INTEGER NOT NULL DEFAULT 1;

-- CreateIndex
CREATE INDEX "changes_of_delivery" ON "changes"("delivery_id") WHERE (delivery_id IS NOT NULL);

-- CreateIndex
CREATE INDEX "deliveries_pending" ON "deliveries"("source", "repository", "id") WHERE (state = 'pending');
