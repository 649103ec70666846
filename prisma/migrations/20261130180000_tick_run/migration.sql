-- Which run holds a claim, so that the process that ran it may take it back once it is over.
ALTER TABLE "tick" ADD COLUMN "run" TEXT NOT NULL DEFAULT '';
