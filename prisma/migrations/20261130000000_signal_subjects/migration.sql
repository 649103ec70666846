-- Signals about a venue as a whole, and what types of buckets go on from. The statements after the first are so that signals that are
-- stored already say their venue.
-- AlterTable
ALTER TABLE "signal" ADD COLUMN "venue_id" TEXT;
UPDATE "signal" s SET "venue_id" = i."venue_id" FROM "instrument" i WHERE i."id" = s."instrument_id";
ALTER TABLE "signal" ALTER COLUMN "venue_id" SET NOT NULL, ALTER COLUMN "instrument_id" DROP NOT NULL;

-- AlterTable
ALTER TABLE "signal_progress" ADD COLUMN "memory" JSON;
