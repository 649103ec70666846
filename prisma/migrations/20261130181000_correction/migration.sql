-- CreateTable
CREATE TABLE "correction" (
    "instrument_id" INTEGER NOT NULL,
    "fact" TEXT NOT NULL,
    "spot_id" INTEGER NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "revision" INTEGER NOT NULL,
    "known_at" TIMESTAMPTZ(6) NOT NULL,
    "body" JSONB NOT NULL,

    CONSTRAINT "correction_pkey" PRIMARY KEY ("instrument_id","fact","spot_id","at","revision","known_at")
);

-- CreateIndex
CREATE INDEX "correction_fact_known_at_idx" ON "correction"("fact", "known_at");

-- Which of the revisions until now were corrections no row says: the list begins here, where there is anything to say.
INSERT INTO "known_horizon" SELECT 'correction', now()
WHERE EXISTS (SELECT FROM "market_snapshot" WHERE "revision" > 0) OR EXISTS (SELECT FROM "sealed_day");
