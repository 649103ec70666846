-- CreateTable
CREATE TABLE "known_horizon" (
    "fact" TEXT NOT NULL,
    "known_from" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "known_horizon_pkey" PRIMARY KEY ("fact")
);

-- CreateIndex
CREATE INDEX "market_snapshot_known_at_idx" ON "market_snapshot"("known_at");

-- CreateIndex
CREATE INDEX "depth_snapshot_known_at_idx" ON "depth_snapshot"("known_at");

-- CreateIndex
CREATE INDEX "flow_snapshot_known_at_idx" ON "flow_snapshot"("known_at");

-- CreateIndex
CREATE INDEX "funding_estimate_known_at_idx" ON "funding_estimate"("known_at");

-- CreateIndex
CREATE INDEX "settlement_known_at_idx" ON "settlement"("known_at");

-- CreateIndex
CREATE INDEX "funding_interval_known_at_idx" ON "funding_interval"("known_at");

-- CreateIndex
CREATE INDEX "late_known_at_idx" ON "late"("known_at");

-- CreateIndex
CREATE INDEX "gap_known_at_idx" ON "gap"("known_at");

-- CreateIndex
CREATE INDEX "basis_snapshot_known_at_idx" ON "basis_snapshot"("known_at");
