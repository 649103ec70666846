-- Signals about an asset's curve on one venue.
-- AlterTable
ALTER TABLE "signal" ADD COLUMN "asset" TEXT;
