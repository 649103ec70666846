-- Gaps that are open are gone over every hour, and are few among those that were filled.
-- CreateIndex
CREATE INDEX "gap_filled_at_to_at_idx" ON "gap"("filled_at", "to_at");

-- Carries are worked out once nobody is writing any more who did not see them closed; one that cannot be is put off.
-- DropIndex
DROP INDEX "carry_due_is_due_idx";

-- AlterTable
ALTER TABLE "carry_due" ADD COLUMN     "due_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP;

-- CreateIndex
CREATE INDEX "carry_due_is_due_due_at_idx" ON "carry_due"("is_due", "due_at");
