-- How the basis of each contract has moved over 30 days.
CREATE TABLE "basis_movement" (
    "instrument_id" INTEGER NOT NULL,
    "spot_id" INTEGER NOT NULL,
    "to_at" TIMESTAMPTZ(3) NOT NULL,
    "computed_at" TIMESTAMPTZ(3) NOT NULL,
    "movement" JSON NOT NULL,

    CONSTRAINT "basis_movement_pkey" PRIMARY KEY ("instrument_id")
);
