-- AlterTable
ALTER TABLE "subscription" ADD COLUMN "failed_at" TIMESTAMPTZ(3);
