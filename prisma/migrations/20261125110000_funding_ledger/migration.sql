-- When an interval was declared and from when on it settled so: a change that both show is one change.
alter table "funding_interval" add column "declared_at" timestamptz(3), add column "settled_from" timestamptz(3);
delete from "funding_interval" where "source" = 'assumed';
update "funding_interval" set "declared_at" = "effective_from" where "source" = 'declared';

-- The stamp of the coming settlement as the venue wrote it, beside the time it means.
alter table "funding_estimate" add column "next_settlement_venue_time" timestamptz(3);
alter table "market_latest" add column "next_settlement_venue_time" timestamptz(3);
