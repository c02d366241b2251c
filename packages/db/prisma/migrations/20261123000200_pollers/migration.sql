-- AlterTable
ALTER TABLE "change_sources" ADD COLUMN     "asked" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "claim" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "due_at" TIMESTAMPTZ(3),
ADD COLUMN     "failures" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "holder_id" BIGINT,
ADD COLUMN     "polled_at" TIMESTAMPTZ(3),
ADD COLUMN     "trouble" TEXT,
ADD COLUMN     "trouble_since" TIMESTAMPTZ(3);

-- What is there was due by its schedule in the queue.
UPDATE "change_sources" SET "due_at" = now();
