// What is under quarantine, said in SQL of an instrument `i`.

/** Why; null where it is not. */
export const QUARANTINE = `(select q.reason from identity_check q where q.instrument_id = i.id and q.state = 'quarantined') as quarantine`

/** What it may be is not known: it is not of the asset whose name it bears, and is left out where an asset is asked for. */
export const NOT_HELD = `not exists (select 1 from identity_check q where q.instrument_id = i.id and q.state = 'quarantined')`
