import type { Database } from '../../src/store/database.ts'
import { insertEvents, type NewEvent } from '../../src/store/events.ts'
import { NOW_MS } from './fixture.ts'

export const happening = (id: string, asset = 'BTC'): NewEvent => ({
  id,
  type: 'signal.opened',
  at: NOW_MS,
  about: { instrumentId: 1, venue: 'binance', asset, kind: 'perpetual' },
  signal: { type: 'funding_regime', label: 'OVERHEATED' },
  data: { id }
})

/** Stores events and gives them their places, as the publisher does. */
export async function publish(db: Database, ...events: NewEvent[]): Promise<void> {
  await db.transaction(async (client) => {
    await insertEvents(client, events)
    await client.query(
      `with given as (select id, (select position from event_head) + row_number() over (order by created_at, id) as place
         from event where position is null)
       update event e set position = g.place from given g where g.id = e.id`
    )
    await client.query('update event_head set position = greatest(position, (select max(position) from event))')
  })
}
