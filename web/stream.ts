import { authorisation, refusalOf } from './api.ts'

export type StreamEvent = { readonly event: string; readonly data: string }

/** Server-sent events over fetch, which, unlike EventSource, can send a key. Ends when the server ends it; throws when it is refused. */
export async function* readStream(path: string, signal: AbortSignal): AsyncGenerator<StreamEvent> {
  const response = await fetch(path, {
    headers: { ...authorisation(), accept: 'text/event-stream' },
    cache: 'no-store',
    signal
  })
  if (!response.ok || response.body === null) throw await refusalOf(response)
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  let pending = ''
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      const blocks = (pending + value).split(/\r?\n\r?\n/)
      pending = blocks.pop() ?? ''
      for (const block of blocks) {
        const event = eventOf(block)
        if (event !== undefined) yield event
      }
    }
  } finally {
    await reader.cancel().catch(() => {})
  }
}

/** A block of lines; undefined where it only keeps the connection open. */
function eventOf(block: string): StreamEvent | undefined {
  let event = 'message'
  const data: string[] = []
  for (const line of block.split(/\r?\n/)) {
    const [, name, value = ''] = /^(\w+)(?:: ?(.*))?$/s.exec(line) ?? []
    if (name === 'event') event = value
    if (name === 'data') data.push(value)
  }
  return data.length === 0 && event === 'message' ? undefined : { event, data: data.join('\n') }
}
