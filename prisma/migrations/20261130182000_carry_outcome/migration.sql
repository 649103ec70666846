-- What each carry came to, with the prices that it was entered and left at; and which of them have to be worked out.
-- CreateTable
CREATE TABLE "carry_outcome" (
    "signal_id" TEXT NOT NULL,
    "revision" INTEGER NOT NULL,
    "closed_at" TIMESTAMPTZ(3) NOT NULL,
    "known_at" TIMESTAMPTZ(6) NOT NULL,
    "entry" JSON,
    "exit" JSON,
    "net_frac" DOUBLE PRECISION,
    "outcome" JSON NOT NULL,

    CONSTRAINT "carry_outcome_pkey" PRIMARY KEY ("signal_id","revision")
);

-- CreateTable
CREATE TABLE "carry_due" (
    "signal_id" TEXT NOT NULL,
    "is_due" BOOLEAN NOT NULL DEFAULT true,

    CONSTRAINT "carry_due_pkey" PRIMARY KEY ("signal_id")
);

-- CreateIndex
CREATE INDEX "carry_due_is_due_idx" ON "carry_due"("is_due");

-- Those that are over already are worked out at the next start.
INSERT INTO "carry_due" ("signal_id") SELECT "id" FROM "signal" WHERE "type" = 'carry_opportunity' AND "state" = 'closed';
