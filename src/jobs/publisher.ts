import { sleep } from '../clock.ts'
import type { SignalView } from '../contract/signals.ts'
import { SECOND } from '../domain/time.ts'
import { type PublishedEvent, publishEvents, type Subscriber } from '../store/publisher.ts'
import { bodyOf } from '../webhooks/body.ts'
import { isWanted, type Wish } from '../webhooks/filter.ts'
import type { Bell } from './bell.ts'
import { reportFailure } from './failures.ts'
import type { WorkerDeps } from './station.ts'

/** Polling is the guarantee; a notification only makes it sooner. */
const LOOK_EVERY_MS = SECOND
/** Events of one transaction. */
const BATCH = 500

/** Gives events their place in the order of commits and makes their deliveries. Ends when `signal` aborts. */
export async function runPublisher(
  deps: Pick<WorkerDeps, 'db' | 'clock' | 'log'>,
  bell: Bell,
  signal: AbortSignal
): Promise<void> {
  while (!signal.aborted) {
    try {
      const published = await publishDue(deps)
      if (published > 0) deps.log.info({ events: published }, 'events.published')
      if (published === BATCH) continue
    } catch (error) {
      reportFailure(deps, error, 'publish.failed')
      await sleep(SECOND, signal)
    }
    await bell.wait(LOOK_EVERY_MS, signal)
  }
}

/** Publishes one batch; answers how many. */
export function publishDue({ db, clock }: Pick<WorkerDeps, 'db' | 'clock'>): Promise<number> {
  return publishEvents(db, { limit: BATCH, nowMs: clock.now(), isWanted: isWantedBy, bodyOf })
}

function isWantedBy(subscriber: Subscriber, { type, about, subscriptionId, data }: PublishedEvent): boolean {
  const { asset, venue, kind, signalType, signalLabel } = about
  return isWanted(subscriber as Wish, {
    eventType: type,
    subscriptionId,
    asset,
    venue,
    kind,
    type: signalType,
    label: signalLabel,
    value: subscriber.filter.threshold === undefined || signalType === null ? null : valuesOf(data)
  })
}

/** The numbers of a signal's event; its data is JSON that we wrote. */
function valuesOf(data: string): { readonly last: number; readonly peak: number } {
  const { lastValue, peakValue } = JSON.parse(data) as SignalView
  return { last: lastValue, peak: peakValue }
}
