import type { Maker, Reader } from './answer.ts'
import { type Fraction, fraction, minus, text } from './fraction.ts'

type End = 'start' | 'end'

const fairCarry = ({ raw, number, timeOf, constant }: Reader, end: End): Fraction => {
  if (raw('fairLowBps') !== null) return fraction((number('fairLowBps') + number('fairHighBps')) / 2)
  const days = Math.max(0, timeOf('expiresAt') - timeOf(`${end}.tickAt`)) / constant('dayMs')
  return fraction(((number('quoteRate') - number('baseRate')) * days * constant('bps')) / constant('daysPerYear'))
}
const observed = ({ of }: Reader, end: End) => of(`${end}.observedBps`)
const fx = ({ of }: Reader, end: End) => minus(of(`${end}.observedBps`), of(`${end}.adjustedBps`))
const residual = (read: Reader, end: End) => minus(read.of(`${end}.adjustedBps`), fairCarry(read, end))

const PARTS = { ObservedBps: observed, FxBps: fx, FairCarryBps: fairCarry, ResidualBps: residual }

export const DRIVERS: Readonly<Record<string, Maker>> = Object.fromEntries(
  Object.entries(PARTS).flatMap(([field, part]): [string, Maker][] => [
    [`start${field}`, (read) => text(part(read, 'start'))],
    [`end${field}`, (read) => text(part(read, 'end'))],
    [`change${field}`, (read) => text(minus(part(read, 'end'), part(read, 'start')))]
  ])
)
