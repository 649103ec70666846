-- Signals, what they looked at, and what is told of them. Written from schema.prisma by Prisma's own engine; the partitioning of the
-- series by year is what Prisma cannot express. One row says where the order of events begins.
-- CreateTable
CREATE TABLE "signal_input" (
    "instrument_id" INTEGER NOT NULL,
    "spot_id" INTEGER NOT NULL DEFAULT 0,
    "type" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "known_at" TIMESTAMPTZ(6) NOT NULL,
    "value" DOUBLE PRECISION NOT NULL,
    "span_hours" DOUBLE PRECISION,
    "percentile" DOUBLE PRECISION,
    "observations" INTEGER NOT NULL,
    "held_hours" DOUBLE PRECISION NOT NULL,
    "state" TEXT NOT NULL,
    "flags" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "parameters" TEXT NOT NULL,

    CONSTRAINT "signal_input_pkey" PRIMARY KEY ("instrument_id","spot_id","type","at")
) PARTITION BY RANGE ("at");

-- CreateTable
CREATE TABLE "signal_progress" (
    "instrument_id" INTEGER NOT NULL,
    "spot_id" INTEGER NOT NULL DEFAULT 0,
    "type" TEXT NOT NULL,
    "due_from" TIMESTAMPTZ(3),
    "marks" INTEGER NOT NULL DEFAULT 0,
    "evaluated_to" TIMESTAMPTZ(3),
    "parameters" TEXT,
    "epoch" INTEGER NOT NULL DEFAULT 0,
    "holder" TEXT,
    "lease_until" TIMESTAMPTZ(3),
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "signal_progress_pkey" PRIMARY KEY ("instrument_id","spot_id","type")
);

-- CreateTable
CREATE TABLE "signal" (
    "id" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "instrument_id" INTEGER NOT NULL,
    "spot_id" INTEGER NOT NULL DEFAULT 0,
    "label" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "opened_at" TIMESTAMPTZ(3) NOT NULL,
    "closed_at" TIMESTAMPTZ(3),
    "close_reason" TEXT,
    "known_at" TIMESTAMPTZ(6) NOT NULL,
    "updated_at" TIMESTAMPTZ(6) NOT NULL,
    "value" DOUBLE PRECISION NOT NULL,
    "last_value" DOUBLE PRECISION NOT NULL,
    "last_at" TIMESTAMPTZ(3) NOT NULL,
    "peak_value" DOUBLE PRECISION NOT NULL,
    "opening" JSON NOT NULL,
    "closing" JSON,
    "parameters" TEXT NOT NULL,
    "parameter_set" JSON NOT NULL,
    "formula_version" SMALLINT NOT NULL,

    CONSTRAINT "signal_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "event" (
    "id" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL,
    "position" BIGINT,
    "instrument_id" INTEGER,
    "venue_id" TEXT,
    "asset" TEXT,
    "kind" TEXT,
    "signal_type" TEXT,
    "signal_label" TEXT,
    "subscription_id" TEXT,
    "data" JSON NOT NULL,

    CONSTRAINT "event_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "event_head" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "position" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "event_head_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "subscription" (
    "id" TEXT NOT NULL,
    "key_id" TEXT NOT NULL,
    "url" TEXT NOT NULL,
    "description" TEXT,
    "events" TEXT[],
    "filter" JSON NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'active',
    "disabled_reason" TEXT,
    "secret" TEXT NOT NULL,
    "previous_secret" TEXT,
    "previous_until" TIMESTAMPTZ(3),
    "sequence" BIGINT NOT NULL DEFAULT 0,
    "failing_since" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "subscription_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "delivery" (
    "id" TEXT NOT NULL,
    "subscription_id" TEXT NOT NULL,
    "event_id" TEXT NOT NULL,
    "event_type" TEXT NOT NULL,
    "sequence" BIGINT NOT NULL,
    "body" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'pending',
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "next_attempt_at" TIMESTAMPTZ(3),
    "epoch" INTEGER NOT NULL DEFAULT 0,
    "holder" TEXT,
    "lease_until" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(6) NOT NULL,
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "delivery_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "attempt" (
    "delivery_id" TEXT NOT NULL,
    "number" INTEGER NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "duration_ms" INTEGER NOT NULL,
    "outcome" TEXT NOT NULL,
    "status" INTEGER,
    "message" TEXT,
    "answer" TEXT,
    "next_attempt_at" TIMESTAMPTZ(3),

    CONSTRAINT "attempt_pkey" PRIMARY KEY ("delivery_id","number")
);

-- CreateTable
CREATE TABLE "idempotency_key" (
    "key_id" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "request" TEXT NOT NULL,
    "status" INTEGER,
    "answer" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "idempotency_key_pkey" PRIMARY KEY ("key_id","key")
);
-- CreateIndex
CREATE INDEX "signal_progress_due_from_idx" ON "signal_progress"("due_from");

-- CreateIndex
CREATE INDEX "signal_state_type_opened_at_idx" ON "signal"("state", "type", "opened_at");

-- CreateIndex
CREATE INDEX "signal_instrument_id_type_opened_at_idx" ON "signal"("instrument_id", "type", "opened_at");

-- CreateIndex
CREATE UNIQUE INDEX "event_position_key" ON "event"("position");

-- CreateIndex
CREATE INDEX "event_created_at_idx" ON "event"("created_at");

-- CreateIndex
CREATE INDEX "subscription_state_idx" ON "subscription"("state");

-- CreateIndex
CREATE INDEX "delivery_state_next_attempt_at_idx" ON "delivery"("state", "next_attempt_at");

-- CreateIndex
CREATE UNIQUE INDEX "delivery_subscription_id_event_id_key" ON "delivery"("subscription_id", "event_id");

-- CreateIndex
CREATE UNIQUE INDEX "delivery_subscription_id_sequence_key" ON "delivery"("subscription_id", "sequence");

-- CreateIndex
CREATE INDEX "idempotency_key_created_at_idx" ON "idempotency_key"("created_at");


INSERT INTO "event_head" ("id", "position") VALUES (1, 0);
