import type { Maker, Reader } from './answer.ts'
import { deviationOf, slopeOf } from './statistics.ts'

/** Hours with the hour before. */
function pairsOf({ each, constant }: Reader) {
  const values = each('hours', 'basisBps').map(Number)
  const times = each('hours', 'startAt').map((at) => Date.parse(String(at)))
  return values.slice(1).flatMap((after, place) => {
    return times[place + 1]! - times[place]! === constant('hourMs') ? [{ before: values[place]!, after }] : []
  })
}
const perHour = (read: Reader) => deviationOf(pairsOf(read).map(({ before, after }) => after - before))
const persistence = (read: Reader) => {
  const pairs = pairsOf(read)
  return slopeOf(
    pairs.map(({ before }) => before),
    pairs.map(({ after }) => after)
  )
}
const count = ({ each }: Reader) => each('hours', 'startAt').length

export const BASIS_MOVEMENT: Readonly<Record<string, Maker>> = {
  volatilityPerHourBps: perHour,
  volatilityPerDayBps: (read) => perHour(read) * Math.sqrt(read.constant('dayMs') / read.constant('hourMs')),
  persistence,
  halfLifeHours: (read) =>
    ((-Math.LN2 / Math.log(persistence(read))) * read.constant('hourMs')) / read.constant('hourMs'),
  pairs: (read) => pairsOf(read).length,
  hours: count,
  coverage: (read) => count(read) / (read.constant('windowMs') / read.constant('hourMs'))
}
