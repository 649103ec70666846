import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** What the link does: all is well; every piece comes late; nothing arrives any more, and nobody is told; every connection is ended. */
export type LinkState =
  | { readonly kind: 'well' | 'silent' | 'cut' }
  | { readonly kind: 'slow'; readonly delayMs: number }

export type TcpProxy = AsyncDisposable & {
  readonly port: number
  /** How many pieces met a link that was not well: a fault test that injected nothing must fail. */
  disturbed: number
  /** A connection that was silent once stays so, as a half-open one does: only new ones profit. */
  set(state: LinkState): void
}

/** A link to a port of this machine that can be disturbed. */
export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  let state: LinkState = { kind: 'well' }
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    if (state.kind === 'cut') return near.destroy()
    const far = connect(targetPort, '127.0.0.1')
    const link = { isDead: false }
    for (const [from, to] of [
      [near, far],
      [far, near]
    ] as const) {
      sockets.add(from)
      from.on('error', () => {})
      from.on('close', () => {
        sockets.delete(from)
        if (!link.isDead) to.destroy()
      })
      from.on('data', (bytes) => pass(link, bytes, to))
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const pass = (link: { isDead: boolean }, bytes: Buffer, to: Socket) => {
    link.isDead ||= state.kind === 'silent'
    if (link.isDead || state.kind === 'slow') proxy.disturbed += 1
    if (link.isDead) return
    // Timers of one delay fire in the order in which they were set: nothing overtakes.
    if (state.kind === 'slow') setTimeout(() => to.write(bytes), state.delayMs)
    else to.write(bytes)
  }
  const proxy: TcpProxy = {
    port: (server.address() as AddressInfo).port,
    disturbed: 0,
    set: (next) => {
      state = next
      if (state.kind === 'cut') for (const socket of sockets) socket.destroy()
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    }
  }
  return proxy
}
