import { randomUUID } from 'node:crypto'
import type { Clock } from '../../src/clock.ts'
import { createBell } from '../../src/jobs/bell.ts'
import { runDeliverer } from '../../src/jobs/deliverer.ts'
import { publishDue } from '../../src/jobs/publisher.ts'
import type { Database } from '../../src/store/database.ts'
import { insertEvents, type NewEvent } from '../../src/store/events.ts'
import { insertSubscription, type NewSubscription, type Subscription } from '../../src/store/subscriptions.ts'
import { openSender, type SenderOptions } from '../../src/webhooks/send.ts'
import { createSecret } from '../../src/webhooks/signature.ts'
import { silentLog } from './line.ts'

export function anEvent(changes: Partial<NewEvent> = {}): NewEvent {
  return {
    id: `event_${randomUUID()}`,
    type: 'signal.opened',
    at: Date.UTC(2026, 10, 25),
    about: { instrumentId: 1, venue: 'binance', asset: 'BTC', kind: 'perpetual' },
    signal: { type: 'funding_regime', label: 'OVERHEATED' },
    data: { n: 1 },
    ...changes
  }
}

/** Stores events, each in a transaction of its own. */
export async function storeEvents(db: Database, ...events: readonly NewEvent[]): Promise<void> {
  for (const event of events) await db.transaction((client) => insertEvents(client, [event]))
}

export async function aSubscription(
  db: Database,
  url: string,
  changes: Partial<NewSubscription> = {}
): Promise<Subscription & { readonly secret: string }> {
  const secret = createSecret()
  const subscription = await insertSubscription(db, {
    keyId: 'key_test',
    url,
    description: null,
    events: ['signal.opened', 'signal.closed'],
    filter: {},
    secret,
    atMs: Date.now(),
    ...changes
  })
  return { ...subscription, secret }
}

export type Delivering = AsyncDisposable & {
  /** Gives what is stored its order, and has it sent. */
  publish(): Promise<number>
  /** Has the loop look at once. */
  look(): void
  stop(): Promise<void>
}

/** The deliverer's loop in this process, with a clock and a sender of the test's. */
export function startDelivering(
  db: Database,
  clock: Clock,
  { holder = 'test', ...options }: Partial<SenderOptions> & { readonly holder?: string } = {}
): Delivering {
  const sender = openSender({ policy: 'allow', clock, tryMsMax: 2_000, ...options })
  const bell = createBell()
  const stopping = new AbortController()
  const deps = { db, clock, log: silentLog, holder, jitter: () => 0, sender }
  const running = runDeliverer(deps, bell, stopping.signal)
  const stop = async () => {
    stopping.abort()
    await running
    await sender.close()
  }
  return {
    publish: async () => {
      const published = await publishDue({ db, clock })
      bell.ring()
      return published
    },
    look: () => bell.ring(),
    stop,
    [Symbol.asyncDispose]: stop
  }
}
