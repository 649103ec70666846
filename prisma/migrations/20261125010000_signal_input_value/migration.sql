-- A rate whose interval is not known has no rate per 8 h; its row is kept all the same, because it ends what had been held.
-- AlterTable
ALTER TABLE "signal_input" ALTER COLUMN "value" DROP NOT NULL;
