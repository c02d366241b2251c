-- CreateTable
CREATE TABLE "artifacts" (
    "id" BIGSERIAL NOT NULL,
    "build_id" BIGINT NOT NULL,
    "step_number" INTEGER NOT NULL,
    "effect" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "size" BIGINT NOT NULL DEFAULT 0,
    "sha256" TEXT,
    "started_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3),

    CONSTRAINT "artifacts_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "artifact_chunks" (
    "artifact_id" BIGINT NOT NULL,
    "at" BIGINT NOT NULL,
    "content" BYTEA NOT NULL,

    CONSTRAINT "artifact_chunks_pkey" PRIMARY KEY ("artifact_id","at")
);

-- What is uploaded is mostly compressed already: trying again costs time at each commit.
ALTER TABLE "artifact_chunks" ALTER COLUMN "content" SET STORAGE EXTERNAL;

-- CreateIndex
CREATE UNIQUE INDEX "artifacts_build_id_step_number_effect_key" ON "artifacts"("build_id", "step_number", "effect");

-- CreateIndex
CREATE INDEX "artifacts_build_id_id_idx" ON "artifacts"("build_id", "id");

-- CreateIndex
CREATE INDEX "artifacts_expires_at_idx" ON "artifacts"("expires_at") WHERE (expires_at IS NOT NULL);

-- AddForeignKey
ALTER TABLE "artifacts" ADD CONSTRAINT "artifacts_build_id_fkey" FOREIGN KEY ("build_id") REFERENCES "builds"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "artifact_chunks" ADD CONSTRAINT "artifact_chunks_artifact_id_fkey" FOREIGN KEY ("artifact_id") REFERENCES "artifacts"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- CreateIndex
CREATE INDEX "artifacts_unfinished" ON "artifacts"("id") WHERE (sha256 IS NULL);
