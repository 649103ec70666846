-- AlterTable
ALTER TABLE "venue" ADD COLUMN "closed_at" TIMESTAMPTZ(3),
ADD COLUMN "list_doubt" TEXT,
ADD COLUMN "list_doubt_since" TIMESTAMPTZ(3),
ADD COLUMN "list_doubt_count" INTEGER NOT NULL DEFAULT 0;

-- AlterTable
ALTER TABLE "instrument" ADD COLUMN "asset_class" TEXT NOT NULL DEFAULT 'crypto',
ADD COLUMN "status_since" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
ADD COLUMN "delisting_said_at" TIMESTAMPTZ(3),
ADD COLUMN "renamed_from" TEXT,
ADD COLUMN "renamed_to" TEXT;

-- What is known of the time before: a state is at least as old as the last look at it.
UPDATE "instrument" SET "status_since" = coalesce("delisted_at", "first_seen_at");

-- CreateTable
CREATE TABLE "identity_check" (
    "instrument_id" INTEGER NOT NULL,
    "state" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "ratio" DOUBLE PRECISION NOT NULL,
    "since" TIMESTAMPTZ(3) NOT NULL,
    "checks" INTEGER NOT NULL DEFAULT 1,
    "agrees_since" TIMESTAMPTZ(3),

    CONSTRAINT "identity_check_pkey" PRIMARY KEY ("instrument_id")
);

-- CreateTable
CREATE TABLE "instrument_override" (
    "key" TEXT NOT NULL,
    "asset" TEXT,
    "asset_class" TEXT,
    "multiplier" DECIMAL,
    "renamed_from" TEXT,
    "note" TEXT,

    CONSTRAINT "instrument_override_pkey" PRIMARY KEY ("key")
);
