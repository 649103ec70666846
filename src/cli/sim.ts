import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { systemClock } from '../clock.ts'
import { InvalidInputError, messageOf } from '../errors.ts'
import { DEFAULT_SEED, startSim } from '../sim/server.ts'
import type { Run } from './run.ts'

const DEFAULT_PORTS: Readonly<Record<string, number>> = {
  control: 9000,
  binance: 9001,
  bybit: 9002,
  okx: 9003,
  hyperliquid: 9004,
  kraken: 9005,
  deribit: 9006
}

/** Only the simulated exchanges, until interrupted. */
export const runSim: Run = async (args) => {
  const values = readOptions(args)
  const seed = values.seed === undefined ? DEFAULT_SEED : Number(values.seed)
  if (!Number.isSafeInteger(seed)) throw new InvalidInputError([{ path: '--seed', message: 'expected a whole number' }])
  const sim = await startSim({ seed, clock: systemClock, ports: readPorts(values.ports) })
  process.stdout.write(
    `Simulated exchanges are up. Point a service at them with:\n\nVENUE_URLS='${JSON.stringify(sim.urls)}'\n\nSwitch faults and regimes (docs/simulator.md) at:\n\n${sim.controlUrl}\n`
  )
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
  await once(stop.signal, 'abort')
  await sim.close()
  return 0
}

function readOptions(args: string[]): { seed?: string; ports?: string } {
  try {
    return parseArgs({ args, options: { seed: { type: 'string' }, ports: { type: 'string' } } }).values
  } catch (error) {
    throw new InvalidInputError([{ path: 'sim', message: messageOf(error) }])
  }
}

function readPorts(text: string | undefined): Readonly<Record<string, number>> {
  if (text === undefined) return DEFAULT_PORTS
  return Object.fromEntries(
    text.split(',').map((entry) => {
      const [venue = '', port = ''] = entry.split('=')
      if (!(venue in DEFAULT_PORTS) || !/^\d{1,5}$/.test(port)) {
        throw new InvalidInputError([
          { path: '--ports', message: `expected binance=9001,bybit=9002; was ${JSON.stringify(entry)}` }
        ])
      }
      return [venue, Number(port)]
    })
  )
}
