-- Gaps of full hours that were marked as filled before each of their hours had to have a price are open again; those that have them are filled by
-- the next look at their instrument's past. Of hours that are no longer kept nothing can be judged: they stay.
UPDATE "gap" SET "filled_at" = NULL, "known_at" = now()
WHERE "filled_at" IS NOT NULL AND ("fact" = 'market' OR ("fact" = 'basis' AND "instrument_id" = 0))
  AND "reason" <> 'not_kept_by_venue' AND date_trunc('hour', "to_at", 'UTC') > "from_at"
  AND "from_at" >= coalesce((SELECT min("day") FROM "sealed_day" WHERE "fact" = 'market'), '-infinity');
