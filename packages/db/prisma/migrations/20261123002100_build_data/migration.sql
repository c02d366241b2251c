-- CreateTable
CREATE TABLE "build_data" (
    "build_id" BIGINT NOT NULL,
    "name" TEXT NOT NULL,
    "value" BYTEA NOT NULL,
    "source" TEXT NOT NULL,

    CONSTRAINT "build_data_pkey" PRIMARY KEY ("build_id","name")
);

-- CreateTable
CREATE TABLE "test_result_sets" (
    "id" BIGSERIAL NOT NULL,
    "builder_id" BIGINT NOT NULL,
    "build_id" BIGINT NOT NULL,
    "step_id" BIGINT NOT NULL,
    "description" TEXT,
    "category" TEXT NOT NULL,
    "value_unit" TEXT NOT NULL,
    "tests_passed" INTEGER,
    "tests_failed" INTEGER,
    "complete" BOOLEAN NOT NULL DEFAULT true,

    CONSTRAINT "test_result_sets_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "test_results" (
    "id" BIGSERIAL NOT NULL,
    "set_id" BIGINT NOT NULL,
    "test_name" TEXT,
    "test_code_path" TEXT,
    "line" INTEGER,
    "duration_ns" BIGINT,
    "value" TEXT NOT NULL,

    CONSTRAINT "test_results_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "test_result_sets_builder_id_id_idx" ON "test_result_sets"("builder_id", "id");

-- CreateIndex
CREATE INDEX "test_result_sets_build_id_id_idx" ON "test_result_sets"("build_id", "id");

-- CreateIndex
CREATE INDEX "test_result_sets_step_id_id_idx" ON "test_result_sets"("step_id", "id");

-- CreateIndex
CREATE INDEX "test_results_set_id_id_idx" ON "test_results"("set_id", "id");

-- AddForeignKey
ALTER TABLE "build_data" ADD CONSTRAINT "build_data_build_id_fkey" FOREIGN KEY ("build_id") REFERENCES "builds"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "test_result_sets" ADD CONSTRAINT "test_result_sets_builder_id_fkey" FOREIGN KEY ("builder_id") REFERENCES "builders"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "test_result_sets" ADD CONSTRAINT "test_result_sets_build_id_fkey" FOREIGN KEY ("build_id") REFERENCES "builds"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "test_result_sets" ADD CONSTRAINT "test_result_sets_step_id_fkey" FOREIGN KEY ("step_id") REFERENCES "steps"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "test_results" ADD CONSTRAINT "test_results_set_id_fkey" FOREIGN KEY ("set_id") REFERENCES "test_result_sets"("id") ON DELETE CASCADE ON UPDATE CASCADE;
