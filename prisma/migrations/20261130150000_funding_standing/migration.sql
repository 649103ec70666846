-- Where each perpetual's newest settlement stands among those of 30, 90 and 365 days.
CREATE TABLE "funding_standing" (
    "instrument_id" INTEGER NOT NULL,
    "is_due" BOOLEAN NOT NULL DEFAULT true,
    "computed_at" TIMESTAMPTZ(3),
    "standing" JSON,

    CONSTRAINT "funding_standing_pkey" PRIMARY KEY ("instrument_id")
);

-- CreateIndex
CREATE INDEX "funding_standing_is_due_idx" ON "funding_standing"("is_due");

-- What is stored already is ranked at the next start.
INSERT INTO "funding_standing" ("instrument_id") SELECT DISTINCT "instrument_id" FROM "settlement";
