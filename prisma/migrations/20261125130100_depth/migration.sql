-- CreateTable
CREATE TABLE "depth_snapshot" (
    "instrument_id" INTEGER NOT NULL,
    "tick_at" TIMESTAMPTZ(3) NOT NULL,
    "revision" INTEGER NOT NULL DEFAULT 0,
    "observed_at" TIMESTAMPTZ(3) NOT NULL,
    "venue_time" TIMESTAMPTZ(3),
    "known_at" TIMESTAMPTZ(6) NOT NULL,
    "available_at" TIMESTAMPTZ(3) NOT NULL,
    "mid" DECIMAL,
    "spread_bps" DOUBLE PRECISION,
    "bid_depth_10" DECIMAL(38,8),
    "ask_depth_10" DECIMAL(38,8),
    "bid_depth_25" DECIMAL(38,8),
    "ask_depth_25" DECIMAL(38,8),
    "bid_depth_50" DECIMAL(38,8),
    "ask_depth_50" DECIMAL(38,8),
    "span_ms" INTEGER NOT NULL,
    "source" TEXT NOT NULL,
    "formula_version" SMALLINT NOT NULL,
    "adapter_version" SMALLINT NOT NULL,
    "epoch" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "depth_snapshot_pkey" PRIMARY KEY ("instrument_id","tick_at","revision")
) PARTITION BY RANGE ("tick_at");
