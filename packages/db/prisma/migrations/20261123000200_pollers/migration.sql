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

-- AlterTable
ALTER TABLE "change_sources" ADD COLUMN     "reconciles" TEXT;

-- CreateTable
CREATE TABLE "told_revisions" (
    "repository" TEXT NOT NULL,
    "branch" TEXT NOT NULL,
    "revision" TEXT NOT NULL,
    "by_hook" BOOLEAN NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "told_revisions_pkey" PRIMARY KEY ("repository","branch","revision")
);
