-- CreateTable
CREATE TABLE "liquidation" (
    "instrument_id" INTEGER NOT NULL,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "native_id" TEXT NOT NULL,
    "position" TEXT NOT NULL,
    "price" DECIMAL NOT NULL,
    "base" DECIMAL NOT NULL,
    "quote" DECIMAL NOT NULL,
    "observed_at" TIMESTAMPTZ(3) NOT NULL,
    "known_at" TIMESTAMPTZ(6) NOT NULL,
    "available_at" TIMESTAMPTZ(3) NOT NULL,
    "source" TEXT NOT NULL,
    "adapter_version" SMALLINT NOT NULL,
    "epoch" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "liquidation_pkey" PRIMARY KEY ("instrument_id","occurred_at","native_id","position")
) PARTITION BY RANGE ("occurred_at");

-- CreateTable
CREATE TABLE "liquidation_look" (
    "instrument_id" INTEGER NOT NULL,
    "tick_at" TIMESTAMPTZ(3) NOT NULL,
    "observed_at" TIMESTAMPTZ(3) NOT NULL,
    "known_at" TIMESTAMPTZ(6) NOT NULL,
    "reaches_from" TIMESTAMPTZ(3),
    "sample_of" TEXT NOT NULL,
    "span_ms" INTEGER NOT NULL,
    "source" TEXT NOT NULL,
    "adapter_version" SMALLINT NOT NULL,
    "epoch" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "liquidation_look_pkey" PRIMARY KEY ("instrument_id","tick_at")
) PARTITION BY RANGE ("tick_at");
