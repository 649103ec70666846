import { sleep } from '../../src/clock.ts'
import type { Random } from './random.ts'
import { type ServiceProcess, startContango } from './service.ts'

export type Fleet = AsyncDisposable & {
  readonly kills: number
  readonly freezes: number
  /** Everything that any instance has written, those that were killed included. */
  output(): string
  pids(): readonly number[]
  /** Starts one more; answers its process. */
  add(): number
  /** kill -9 for one of them, and another in its place; answers the new one's process. */
  replaceOne(): Promise<number>
  /** SIGSTOP for one of them, or all, until `isOver` answers; then SIGCONT. */
  freeze(who: 'one' | 'all', isOver: (pids: readonly number[]) => Promise<unknown>): Promise<void>
  /** SIGTERM for all; answers their exit codes. */
  stop(): Promise<(number | null)[]>
}

/**
 * Instances of the service on one database that are killed and frozen at moments which `random` picks. As `demo`, which lifts
 * ccxt's spacing of requests: at the venues' own pace a thousand ticks take most of an hour.
 */
export function createFleet(env: Readonly<Record<string, string>>, random: Random): Fleet {
  const running: ServiceProcess[] = []
  const gone: ServiceProcess[] = []
  const start = () => {
    const instance = startContango(['demo'], env)
    running.push(instance)
    return instance.pid
  }
  // A signal should not always meet the same point of a poll.
  const anyMoment = () => sleep(random.between(0, 500))
  const stop = async () => {
    const ending = running.splice(0)
    gone.push(...ending)
    return await Promise.all(ending.map((instance) => instance.end('SIGTERM')))
  }
  const fleet = {
    kills: 0,
    freezes: 0,
    output: () => [...gone, ...running].map((instance) => instance.output()).join('\n'),
    pids: () => running.map(({ pid }) => pid),
    add: start,
    replaceOne: async () => {
      await anyMoment()
      const victim = random.pick(running)
      await victim.end('SIGKILL')
      fleet.kills += 1
      gone.push(...running.splice(running.indexOf(victim), 1))
      return start()
    },
    freeze: async (who: 'one' | 'all', isOver: (pids: readonly number[]) => Promise<unknown>) => {
      await anyMoment()
      const frozen = who === 'all' ? [...running] : [random.pick(running)]
      for (const { child } of frozen) child.kill('SIGSTOP')
      fleet.freezes += frozen.length
      try {
        await isOver(frozen.map(({ pid }) => pid))
      } finally {
        for (const { child } of frozen) child.kill('SIGCONT')
      }
    },
    stop,
    async [Symbol.asyncDispose]() {
      await stop()
    }
  }
  return fleet
}
