import type { ServerResponse } from 'node:http'
import type { Answer } from '../answer.ts'
import { type Faulted, KINDS } from './kinds.ts'

/** Answers a request as its fault has it; an answer to be sent in the usual way is handed back. */
export function misbehave(faulted: Faulted, response: ServerResponse): Answer | undefined {
  const kind = KINDS[faulted.rule.kind]!
  if (!kind.deliver) return kind.answer!(faulted)
  kind.deliver(response, kind.answer ? kind.answer(faulted) : faulted.answer(), faulted.rule)
  return undefined
}
