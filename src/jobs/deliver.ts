import { openSender } from '../webhooks/send.ts'
import { createBell, listenForHints } from './bell.ts'
import { runDeliverer } from './deliverer.ts'
import { runHeartbeat } from './heartbeat.ts'
import { runPublisher } from './publisher.ts'
import type { WorkerDeps } from './station.ts'

/** The role that tells subscribers: one loop orders events, one sends them, one says that it is there. Ends when `signal` aborts. */
export async function runDeliver(deps: WorkerDeps, signal: AbortSignal): Promise<void> {
  const { clock, config } = deps
  const unpublished = createBell()
  const due = createBell()
  const hear = (payload: string) => {
    if (payload === 'event') unpublished.ring()
    if (payload === 'published') due.ring()
  }
  const sender = openSender({ policy: config.webhookPrivateTargets, clock })
  try {
    await Promise.all([
      listenForHints(deps, hear, 'deliver.deaf', signal),
      runPublisher(deps, unpublished, signal),
      runHeartbeat(deps, signal),
      runDeliverer({ ...deps, sender }, due, signal)
    ])
  } finally {
    await sender.close()
  }
}
