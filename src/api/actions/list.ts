import type { Action } from './action.ts'
import { webhookActions } from './webhooks.ts'

/** Everything that may be done. */
export function listActions(): readonly Action[] {
  return webhookActions
}
