-- CreateTable
CREATE TABLE "pending_indexes" (
    "id" BIGSERIAL NOT NULL,
    "name" TEXT NOT NULL,
    "definition" TEXT NOT NULL,
    "migration" TEXT NOT NULL,

    CONSTRAINT "pending_indexes_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "pending_indexes_name_key" ON "pending_indexes"("name");
