-- CreateTable
CREATE TABLE "flow_snapshot" (
    "instrument_id" INTEGER NOT NULL,
    "tick_at" TIMESTAMPTZ(3) NOT NULL,
    "revision" INTEGER NOT NULL DEFAULT 0,
    "observed_at" TIMESTAMPTZ(3) NOT NULL,
    "known_at" TIMESTAMPTZ(6) NOT NULL,
    "available_at" TIMESTAMPTZ(3) NOT NULL,
    "long_short_ratio" DECIMAL,
    "long_short_at" TIMESTAMPTZ(3),
    "taker_buy" DECIMAL,
    "taker_sell" DECIMAL,
    "taker_at" TIMESTAMPTZ(3),
    "window_ms" INTEGER NOT NULL,
    "span_ms" INTEGER NOT NULL,
    "source" TEXT NOT NULL,
    "adapter_version" SMALLINT NOT NULL,
    "epoch" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "flow_snapshot_pkey" PRIMARY KEY ("instrument_id","tick_at","revision")
) PARTITION BY RANGE ("tick_at");
