-- CreateTable
CREATE TABLE "signal_activation" (
    "type" TEXT NOT NULL,
    "number" INTEGER NOT NULL,
    "parameters" TEXT NOT NULL,
    "activated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "signal_activation_pkey" PRIMARY KEY ("type","number")
);

-- AlterTable
ALTER TABLE "signal_progress" ADD COLUMN "priority" DOUBLE PRECISION;

-- What is due already keeps its turn; its size is seen when it is marked again.
UPDATE "signal_progress" SET "priority" = 0 WHERE "due_from" IS NOT NULL;

-- DropIndex
DROP INDEX "signal_progress_due_from_idx";

-- CreateIndex
CREATE INDEX "signal_progress_type_priority_instrument_id_idx" ON "signal_progress"("type", "priority" DESC, "instrument_id");
