import { HOUR } from '../../domain/time.ts'
import { type Body, isStamp, mapElements, mapLeaves, withNumber } from './body.ts'
import type { BodyFault } from './body-faults.ts'

/** The faults of lists of what was: settlements above all, of which an answer may hold one or two. */
export const PAST_FAULTS = {
  newest_missing: (body) =>
    mapElements(body, (list) => {
      const newest = Math.max(...list.map(newestIn))
      return list.filter((row) => newestIn(row) < newest)
    }),
  twice: (body) => mapElements(body, (list) => list.flatMap((row) => [row, row])),
  reversed: (body) => mapElements(body, (list) => [...list].reverse()),
  stamps_off: (body, { offsetMs = HOUR }) =>
    mapLeaves(body, (value) => (isStamp(value) ? withNumber(value, (ms) => ms + offsetMs) : value))
} as const satisfies Record<string, BodyFault>

const newestIn = (row: Body): number => Math.max(0, ...Object.values(row).filter(isStamp).map(Number))
