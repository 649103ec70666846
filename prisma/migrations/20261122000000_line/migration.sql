-- The first migration: the whole line, in its final shape. Written from schema.prisma by Prisma's own engine, with two
-- additions that Prisma cannot express: the partitioning of the big tables, and the schema that holds their children
-- (outside Prisma's, so that they are no drift).
CREATE SCHEMA IF NOT EXISTS "parts";

-- CreateTable
CREATE TABLE "venue" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'starting',
    "state_reason" TEXT,
    "state_since" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "banned_until" TIMESTAMPTZ(3),
    "failures" INTEGER NOT NULL DEFAULT 0,
    "last_poll_at" TIMESTAMPTZ(3),
    "last_success_at" TIMESTAMPTZ(3),
    "next_poll_at" TIMESTAMPTZ(3),
    "lag_ms" INTEGER,
    "expected" INTEGER,
    "received" INTEGER,
    "markets_loaded_at" TIMESTAMPTZ(3),
    "adapter_version" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "venue_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "instrument" (
    "id" SERIAL NOT NULL,
    "key" TEXT NOT NULL,
    "venue_id" TEXT NOT NULL,
    "symbol" TEXT NOT NULL,
    "native_id" TEXT,
    "kind" TEXT NOT NULL,
    "asset" TEXT NOT NULL,
    "base" TEXT NOT NULL,
    "quote" TEXT NOT NULL,
    "settle" TEXT,
    "inverse" BOOLEAN,
    "multiplier" DECIMAL,
    "multiplier_source" TEXT NOT NULL DEFAULT 'exact',
    "contract_size" DECIMAL,
    "expires_at" TIMESTAMPTZ(3),
    "listed_at" TIMESTAMPTZ(3),
    "delisted_at" TIMESTAMPTZ(3),
    "status" TEXT NOT NULL DEFAULT 'listed',
    "source" TEXT NOT NULL DEFAULT 'venue',
    "spot_id" INTEGER,
    "spot_reason" TEXT,
    "tracked" BOOLEAN NOT NULL DEFAULT false,
    "founding" BOOLEAN NOT NULL DEFAULT false,
    "first_seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "instrument_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "asset" (
    "id" TEXT NOT NULL,
    "open_interest_usd" DECIMAL,
    "volume_24h_usd" DECIMAL,
    "rank" INTEGER,
    "tracked" BOOLEAN NOT NULL DEFAULT false,
    "ranked_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "asset_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "market_snapshot" (
    "instrument_id" INTEGER NOT NULL,
    "tick_at" TIMESTAMPTZ(3) NOT NULL,
    "revision" INTEGER NOT NULL DEFAULT 0,
    "observed_at" TIMESTAMPTZ(3) NOT NULL,
    "venue_time" TIMESTAMPTZ(3),
    "known_at" TIMESTAMPTZ(6) NOT NULL,
    "available_at" TIMESTAMPTZ(3) NOT NULL,
    "bid" DECIMAL,
    "ask" DECIMAL,
    "bid_size" DECIMAL,
    "ask_size" DECIMAL,
    "last" DECIMAL,
    "mark" DECIMAL,
    "index_price" DECIMAL,
    "mark_observed_at" TIMESTAMPTZ(3),
    "mark_venue_time" TIMESTAMPTZ(3),
    "open_interest_base" DECIMAL,
    "open_interest_usd" DECIMAL,
    "open_interest_at" TIMESTAMPTZ(3),
    "volume_24h_usd" DECIMAL,
    "span_ms" INTEGER NOT NULL,
    "source" TEXT NOT NULL,
    "adapter_version" SMALLINT NOT NULL,
    "epoch" INTEGER NOT NULL DEFAULT 0,
    "reasons" TEXT[] DEFAULT ARRAY[]::TEXT[],

    CONSTRAINT "market_snapshot_pkey" PRIMARY KEY ("instrument_id","tick_at","revision")
) PARTITION BY RANGE ("tick_at");

-- CreateTable
CREATE TABLE "funding_estimate" (
    "instrument_id" INTEGER NOT NULL,
    "tick_at" TIMESTAMPTZ(3) NOT NULL,
    "revision" INTEGER NOT NULL DEFAULT 0,
    "observed_at" TIMESTAMPTZ(3) NOT NULL,
    "venue_time" TIMESTAMPTZ(3),
    "known_at" TIMESTAMPTZ(6) NOT NULL,
    "available_at" TIMESTAMPTZ(3) NOT NULL,
    "rate" DECIMAL NOT NULL,
    "interval_hours" DOUBLE PRECISION,
    "interval_source" TEXT,
    "kind" TEXT NOT NULL,
    "next_settlement_at" TIMESTAMPTZ(3),
    "cap" DECIMAL,
    "floor" DECIMAL,
    "determined" DOUBLE PRECISION,
    "span_ms" INTEGER NOT NULL,
    "source" TEXT NOT NULL,
    "formula_version" SMALLINT NOT NULL,
    "adapter_version" SMALLINT NOT NULL,
    "epoch" INTEGER NOT NULL DEFAULT 0,
    "reasons" TEXT[] DEFAULT ARRAY[]::TEXT[],

    CONSTRAINT "funding_estimate_pkey" PRIMARY KEY ("instrument_id","tick_at","revision")
) PARTITION BY RANGE ("tick_at");

-- CreateTable
CREATE TABLE "settlement" (
    "instrument_id" INTEGER NOT NULL,
    "settled_at" TIMESTAMPTZ(3) NOT NULL,
    "revision" INTEGER NOT NULL DEFAULT 0,
    "venue_time" TIMESTAMPTZ(3) NOT NULL,
    "observed_at" TIMESTAMPTZ(3) NOT NULL,
    "known_at" TIMESTAMPTZ(6) NOT NULL,
    "available_at" TIMESTAMPTZ(3) NOT NULL,
    "rate" DECIMAL NOT NULL,
    "interval_hours" DOUBLE PRECISION,
    "interval_source" TEXT,
    "cap" DECIMAL,
    "floor" DECIMAL,
    "mark" DECIMAL,
    "estimate_rate" DECIMAL,
    "estimate_at" TIMESTAMPTZ(3),
    "source" TEXT NOT NULL,
    "formula_version" SMALLINT NOT NULL,
    "adapter_version" SMALLINT NOT NULL,
    "epoch" INTEGER NOT NULL DEFAULT 0,
    "reasons" TEXT[] DEFAULT ARRAY[]::TEXT[],

    CONSTRAINT "settlement_pkey" PRIMARY KEY ("instrument_id","settled_at","revision")
) PARTITION BY RANGE ("settled_at");

-- CreateTable
CREATE TABLE "funding_interval" (
    "instrument_id" INTEGER NOT NULL,
    "effective_from" TIMESTAMPTZ(3) NOT NULL,
    "revision" INTEGER NOT NULL DEFAULT 0,
    "interval_hours" DOUBLE PRECISION NOT NULL,
    "source" TEXT NOT NULL,
    "known_at" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "funding_interval_pkey" PRIMARY KEY ("instrument_id","effective_from","revision")
);

-- CreateTable
CREATE TABLE "late" (
    "instrument_id" INTEGER NOT NULL,
    "fact" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "spot_id" INTEGER NOT NULL DEFAULT 0,
    "revision" INTEGER NOT NULL,
    "known_at" TIMESTAMPTZ(6) NOT NULL,
    "available_at" TIMESTAMPTZ(3) NOT NULL,
    "source" TEXT NOT NULL,
    "body" JSON NOT NULL,

    CONSTRAINT "late_pkey" PRIMARY KEY ("instrument_id","fact","at","spot_id","revision")
);

-- CreateTable
CREATE TABLE "gap" (
    "instrument_id" INTEGER NOT NULL,
    "venue_id" TEXT NOT NULL,
    "fact" TEXT NOT NULL,
    "from_at" TIMESTAMPTZ(3) NOT NULL,
    "to_at" TIMESTAMPTZ(3) NOT NULL,
    "reason" TEXT NOT NULL,
    "known_at" TIMESTAMPTZ(6) NOT NULL,
    "filled_at" TIMESTAMPTZ(3),

    CONSTRAINT "gap_pkey" PRIMARY KEY ("instrument_id","venue_id","fact","from_at","reason")
);

-- CreateTable
CREATE TABLE "market_latest" (
    "instrument_id" INTEGER NOT NULL,
    "tick_at" TIMESTAMPTZ(3) NOT NULL,
    "bid" DECIMAL,
    "ask" DECIMAL,
    "bid_size" DECIMAL,
    "ask_size" DECIMAL,
    "last" DECIMAL,
    "last_observed_at" TIMESTAMPTZ(3),
    "quote_observed_at" TIMESTAMPTZ(3),
    "quote_venue_time" TIMESTAMPTZ(3),
    "quote_changed_at" TIMESTAMPTZ(3),
    "mark" DECIMAL,
    "index_price" DECIMAL,
    "mark_observed_at" TIMESTAMPTZ(3),
    "mark_venue_time" TIMESTAMPTZ(3),
    "funding_rate" DECIMAL,
    "funding_interval_hours" DOUBLE PRECISION,
    "funding_interval_source" TEXT,
    "funding_kind" TEXT,
    "next_settlement_at" TIMESTAMPTZ(3),
    "funding_cap" DECIMAL,
    "funding_floor" DECIMAL,
    "funding_determined" DOUBLE PRECISION,
    "funding_observed_at" TIMESTAMPTZ(3),
    "funding_venue_time" TIMESTAMPTZ(3),
    "open_interest_base" DECIMAL,
    "open_interest_usd" DECIMAL,
    "open_interest_sides" SMALLINT,
    "open_interest_observed_at" TIMESTAMPTZ(3),
    "volume_24h_usd" DECIMAL,
    "volume_observed_at" TIMESTAMPTZ(3),

    CONSTRAINT "market_latest_pkey" PRIMARY KEY ("instrument_id")
);

-- CreateTable
CREATE TABLE "basis_snapshot" (
    "instrument_id" INTEGER NOT NULL,
    "spot_id" INTEGER NOT NULL,
    "tick_at" TIMESTAMPTZ(3) NOT NULL,
    "revision" INTEGER NOT NULL DEFAULT 0,
    "observed_at" TIMESTAMPTZ(3) NOT NULL,
    "known_at" TIMESTAMPTZ(6) NOT NULL,
    "available_at" TIMESTAMPTZ(3) NOT NULL,
    "contract_observed_at" TIMESTAMPTZ(3) NOT NULL,
    "contract_venue_time" TIMESTAMPTZ(3),
    "spot_observed_at" TIMESTAMPTZ(3) NOT NULL,
    "spot_venue_time" TIMESTAMPTZ(3),
    "skew_ms" INTEGER NOT NULL,
    "contract_bid" DECIMAL,
    "contract_ask" DECIMAL,
    "contract_mid" DECIMAL NOT NULL,
    "spot_bid" DECIMAL,
    "spot_ask" DECIMAL,
    "spot_mid" DECIMAL NOT NULL,
    "multiplier" DECIMAL NOT NULL,
    "fx" DOUBLE PRECISION,
    "basis_bps" DOUBLE PRECISION NOT NULL,
    "adjusted_basis_bps" DOUBLE PRECISION,
    "premium_bps" DOUBLE PRECISION,
    "carry_entry_bps" DOUBLE PRECISION,
    "reverse_entry_bps" DOUBLE PRECISION,
    "price_kind" TEXT NOT NULL,
    "grade" TEXT NOT NULL,
    "reasons" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "span_ms" INTEGER NOT NULL,
    "source" TEXT NOT NULL,
    "formula_version" SMALLINT NOT NULL,
    "adapter_version" SMALLINT NOT NULL,
    "epoch" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "basis_snapshot_pkey" PRIMARY KEY ("instrument_id","spot_id","tick_at","revision")
) PARTITION BY RANGE ("tick_at");

-- CreateTable
CREATE TABLE "board" (
    "instrument_id" INTEGER NOT NULL,
    "venue_id" TEXT NOT NULL,
    "tick_at" TIMESTAMPTZ(3) NOT NULL,
    "row" JSON NOT NULL,
    "inputs" JSON NOT NULL,
    "updated_at" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "board_pkey" PRIMARY KEY ("instrument_id")
);

-- CreateTable
CREATE TABLE "tick" (
    "job" TEXT NOT NULL,
    "scope" TEXT NOT NULL,
    "tick_at" TIMESTAMPTZ(3) NOT NULL,
    "epoch" INTEGER NOT NULL DEFAULT 1,
    "state" TEXT NOT NULL,
    "holder" TEXT NOT NULL,
    "lease_until" TIMESTAMPTZ(3) NOT NULL,
    "claimed_at" TIMESTAMPTZ(3) NOT NULL,
    "finished_at" TIMESTAMPTZ(3),
    "rows" INTEGER,
    "skipped" INTEGER,
    "failure" TEXT,
    "detail" JSON,

    CONSTRAINT "tick_pkey" PRIMARY KEY ("job","scope","tick_at")
);

-- CreateTable
CREATE TABLE "backfill" (
    "instrument_id" INTEGER NOT NULL,
    "fact" TEXT NOT NULL,
    "wanted_from" TIMESTAMPTZ(3) NOT NULL,
    "done_from" TIMESTAMPTZ(3),
    "done_to" TIMESTAMPTZ(3),
    "state" TEXT NOT NULL DEFAULT 'waiting',
    "priority" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "rows" INTEGER NOT NULL DEFAULT 0,
    "failures" INTEGER NOT NULL DEFAULT 0,
    "failure" TEXT,
    "not_before" TIMESTAMPTZ(3),
    "epoch" INTEGER NOT NULL DEFAULT 0,
    "holder" TEXT,
    "lease_until" TIMESTAMPTZ(3),
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "backfill_pkey" PRIMARY KEY ("instrument_id","fact")
);

-- CreateTable
CREATE TABLE "api_key" (
    "id" TEXT NOT NULL,
    "name" TEXT,
    "prefix" TEXT NOT NULL,
    "last4" TEXT NOT NULL,
    "hash" BYTEA NOT NULL,
    "scopes" TEXT[],
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_used_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "api_key_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "service_stamp" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "kind" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "service_stamp_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "instrument_key_key" ON "instrument"("key");

-- CreateIndex
CREATE INDEX "instrument_venue_id_idx" ON "instrument"("venue_id");

-- CreateIndex
CREATE INDEX "instrument_asset_idx" ON "instrument"("asset");

-- CreateIndex
CREATE INDEX "board_venue_id_idx" ON "board"("venue_id");

-- CreateIndex
CREATE INDEX "tick_job_tick_at_idx" ON "tick"("job", "tick_at");

-- CreateIndex
CREATE INDEX "tick_state_lease_until_idx" ON "tick"("state", "lease_until");

-- CreateIndex
CREATE INDEX "backfill_state_priority_idx" ON "backfill"("state", "priority");

-- CreateIndex
CREATE UNIQUE INDEX "api_key_hash_key" ON "api_key"("hash");
