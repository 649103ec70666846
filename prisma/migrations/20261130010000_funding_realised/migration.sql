-- CreateTable
CREATE TABLE "funding_realised" (
    "instrument_id" INTEGER NOT NULL,
    "is_due" BOOLEAN NOT NULL DEFAULT true,
    "to_at" TIMESTAMPTZ(3),
    "windows" JSON,

    CONSTRAINT "funding_realised_pkey" PRIMARY KEY ("instrument_id")
);

-- What is stored already is summed at the next start.
INSERT INTO "funding_realised" ("instrument_id") SELECT DISTINCT "instrument_id" FROM "settlement";
