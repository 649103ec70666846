-- When a signal was at its furthest and when half of that was gone; what it looked at some time after it opened.
-- AlterTable
ALTER TABLE "signal" ADD COLUMN "peak_at" TIMESTAMPTZ(3),
ADD COLUMN "halved_at" TIMESTAMPTZ(3);

-- CreateTable
CREATE TABLE "signal_outcome" (
    "signal_id" TEXT NOT NULL,
    "horizon_hours" INTEGER NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "value" DOUBLE PRECISION,
    "known_at" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "signal_outcome_pkey" PRIMARY KEY ("signal_id", "horizon_hours")
);

-- CreateIndex
CREATE INDEX "signal_type_opened_at_idx" ON "signal"("type", "opened_at");
