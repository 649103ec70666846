-- DropIndex
DROP INDEX "delivery_state_next_attempt_at_idx";

-- AlterTable
ALTER TABLE "delivery" ADD COLUMN "attempts_before" INTEGER NOT NULL DEFAULT 0;

-- CreateIndex
CREATE INDEX "delivery_state_subscription_id_next_attempt_at_idx" ON "delivery"("state", "subscription_id", "next_attempt_at");

-- CreateIndex
CREATE INDEX "delivery_finished_at_idx" ON "delivery"("finished_at");
