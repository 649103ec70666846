import { StartError } from '../errors.ts'
import { hasActiveKey, registerBootstrapKey } from '../store/keys.ts'
import { buildApi } from './app.ts'
import type { ApiDeps } from './context.ts'
import { isLoopbackHost, urlHost } from './hosts.ts'

export type RunningApi = {
  /** `http://host:port`, with the port that was really taken. */
  readonly address: string
  close(): Promise<void>
}

/** Serves the API; resolves once it listens. */
export async function startApi(deps: ApiDeps): Promise<RunningApi> {
  const { config, db } = deps
  if (config.bootstrapKeyFile !== null) await registerBootstrapKey(db, config.bootstrapKeyFile)
  if (!isLoopbackHost(config.host) && !(await hasActiveKey(db))) {
    throw new StartError(
      'key_needed',
      `HOST=${config.host} is reachable from other machines and there is no API key yet. ` +
        'Make one first: npm run -s contango -- keys create --scope read'
    )
  }
  const { app, board } = await buildApi(deps)
  try {
    await app.listen({ host: config.host, port: config.port })
  } catch (error) {
    await app.close()
    throw listenError(error as NodeJS.ErrnoException, config.host, config.port)
  }
  board.start()
  const address = app.server.address()
  const port = typeof address === 'object' && address !== null ? address.port : config.port
  return {
    address: `http://${urlHost(config.host)}:${port}`,
    close: async () => {
      await app.close()
    }
  }
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): Error {
  const place = `${urlHost(host)}:${port}`
  if (error.code === 'EADDRINUSE') {
    const message = `${place} is taken by another program. Stop that one, or set PORT to another port (PORT=0: any free one).`
    return new StartError('port_taken', message, { cause: error })
  }
  if (error.code === 'EACCES') {
    const message = `${place} may not be opened by this user. Set PORT to one above 1023.`
    return new StartError('port_forbidden', message, { cause: error })
  }
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') {
    const message = `HOST=${host} is not an address of this machine. Set HOST to one that is, or to 127.0.0.1.`
    return new StartError('host_unknown', message, { cause: error })
  }
  return error
}
