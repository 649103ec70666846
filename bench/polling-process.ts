import { monitorEventLoopDelay } from 'node:perf_hooks'
import { createInterface } from 'node:readline'
import { pino } from 'pino'
import { startService } from '../src/app.ts'
import { loadConfig } from '../src/config.ts'

// The service in this process, with the delay of its main loop, where the API runs. `reset` begins to measure, `read` tells.

const service = await startService({
  config: loadConfig(process.env),
  log: pino({ level: 'error' }),
  kind: 'simulated'
})
const delay = monitorEventLoopDelay({ resolution: 1 })
delay.enable()
console.log(service.api!.address)
for await (const line of createInterface(process.stdin)) {
  if (line === 'reset') delay.reset()
  if (line === 'read')
    console.log(JSON.stringify({ p99: delay.percentile(99) / 1e6, mean: delay.mean / 1e6, max: delay.max / 1e6 }))
}
