-- DropTable: what comes late stands in the partition of its own day until it is sealed with the rest
DROP TABLE "late";

-- CreateTable
CREATE TABLE "sealed_day" (
    "instrument_id" INTEGER NOT NULL,
    "fact" TEXT NOT NULL,
    "spot_id" INTEGER NOT NULL DEFAULT 0,
    "day" TIMESTAMPTZ(3) NOT NULL,
    "rows" INTEGER NOT NULL,
    "known_to" TIMESTAMPTZ(6) NOT NULL,
    "body" BYTEA NOT NULL,
    "sealed_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "sealed_day_pkey" PRIMARY KEY ("instrument_id","fact","spot_id","day")
) PARTITION BY RANGE ("day");

-- Compressed already
ALTER TABLE "sealed_day" ALTER COLUMN "body" SET STORAGE EXTERNAL;

-- CreateTable
CREATE TABLE "basis_bucket" (
    "instrument_id" INTEGER NOT NULL,
    "spot_id" INTEGER NOT NULL,
    "length_ms" INTEGER NOT NULL,
    "start" TIMESTAMPTZ(3) NOT NULL,
    "grade" TEXT NOT NULL,
    "first_at" TIMESTAMPTZ(3) NOT NULL,
    "last_at" TIMESTAMPTZ(3) NOT NULL,
    "open" DOUBLE PRECISION NOT NULL,
    "high" DOUBLE PRECISION NOT NULL,
    "low" DOUBLE PRECISION NOT NULL,
    "close" DOUBLE PRECISION NOT NULL,
    "sum" DECIMAL NOT NULL,
    "count" INTEGER NOT NULL,
    "span_ms" DOUBLE PRECISION NOT NULL,

    CONSTRAINT "basis_bucket_pkey" PRIMARY KEY ("instrument_id","spot_id","length_ms","start","grade")
) PARTITION BY RANGE ("start");

-- CreateTable
CREATE TABLE "bucket_head" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "closed_to" TIMESTAMPTZ(3) NOT NULL,
    "built_to" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "bucket_head_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "bucket_due" (
    "instrument_id" INTEGER NOT NULL,
    "spot_id" INTEGER NOT NULL,
    "day" TIMESTAMPTZ(3) NOT NULL,
    "marks" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "bucket_due_pkey" PRIMARY KEY ("instrument_id","spot_id","day")
);

-- CreateIndex
CREATE INDEX "bucket_due_day_instrument_id_spot_id_idx" ON "bucket_due"("day" DESC, "instrument_id", "spot_id");

-- CreateIndex
CREATE INDEX "liquidation_known_at_idx" ON "liquidation"("known_at");

-- What is stored already is rolled up day by day
INSERT INTO "bucket_due" SELECT DISTINCT "instrument_id", "spot_id", date_trunc('day', "tick_at"), 1 FROM "basis_snapshot";
INSERT INTO "bucket_head" SELECT 1, h, h FROM (SELECT coalesce(date_trunc('hour', max("tick_at")) + interval '1 hour', 'epoch') AS h FROM "basis_snapshot") s;
