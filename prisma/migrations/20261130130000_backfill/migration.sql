-- AlterTable
ALTER TABLE "market_snapshot" ADD COLUMN     "premium" DECIMAL;

-- AlterTable
ALTER TABLE "backfill" ADD COLUMN     "claim_rows" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "claimed_at" TIMESTAMPTZ(3),
ADD COLUMN     "kept_from" TIMESTAMPTZ(3),
ADD COLUMN     "oldest_at" TIMESTAMPTZ(3);

-- What the venue no longer has is called so.
UPDATE "gap" SET "reason" = 'not_kept_by_venue' WHERE "reason" = 'beyond_venue_history';

-- Hours that were fetched before marks and indices were asked for are asked for again.
UPDATE "backfill" SET "state" = 'waiting', "done_from" = NULL, "done_to" = NULL, "not_before" = NULL WHERE "fact" = 'price_1h';
