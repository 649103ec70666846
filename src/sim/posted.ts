import type { IncomingMessage } from 'node:http'

const LARGEST_QUESTION_BYTES = 64 * 1024

/** What was posted, as parameters. */
export async function readPosted(request: IncomingMessage): Promise<URLSearchParams> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    bytes += chunk.length
    if (bytes <= LARGEST_QUESTION_BYTES) chunks.push(chunk)
  }
  return postedParams(bytes <= LARGEST_QUESTION_BYTES ? Buffer.concat(chunks).toString('utf8') : '')
}

/**
 * The fields of a posted JSON question as parameters, those of an object in it beside them; none when it is not JSON. So the
 * questions to a venue that is asked by POST are told apart like all others: by path and query.
 */
export function postedParams(text: string): URLSearchParams {
  const params = new URLSearchParams()
  addFields(params, parsed(text))
  return params
}

function addFields(params: URLSearchParams, value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  for (const [name, field] of Object.entries(value)) {
    if (typeof field === 'object') addFields(params, field)
    else params.set(name, String(field))
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
