-- AlterTable
ALTER TABLE "build_requests" ADD COLUMN     "worker_name" TEXT;

-- AlterTable
ALTER TABLE "sourcestamps" ADD COLUMN     "patch_id" BIGINT;

-- CreateTable
CREATE TABLE "patches" (
    "id" BIGSERIAL NOT NULL,
    "key" TEXT NOT NULL,
    "level" INTEGER NOT NULL,
    "subdir" TEXT NOT NULL,
    "body" TEXT NOT NULL,
    "author" TEXT NOT NULL,
    "comment" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "patches_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "patches_key_key" ON "patches"("key");

-- AddForeignKey
ALTER TABLE "sourcestamps" ADD CONSTRAINT "sourcestamps_patch_id_fkey" FOREIGN KEY ("patch_id") REFERENCES "patches"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
