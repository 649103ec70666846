-- AlterTable
ALTER TABLE "market_snapshot" ADD COLUMN     "open_interest_quote" DECIMAL,
ADD COLUMN     "open_interest_sides" SMALLINT,
ADD COLUMN     "open_interest_unit" TEXT;

-- AlterTable
ALTER TABLE "market_latest" ADD COLUMN     "open_interest_quote" DECIMAL,
ADD COLUMN     "open_interest_unit" TEXT,
ADD COLUMN     "open_interest_venue_time" TIMESTAMPTZ(3),
ADD COLUMN     "volume_unit" TEXT;
