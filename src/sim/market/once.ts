import type { SimInstrument } from './instrument.ts'

/** What is worked out for an instrument and a time is worked out once. */
export function once<T>(
  work: (instrument: SimInstrument, atMs: number) => T
): (instrument: SimInstrument, atMs: number) => T {
  const known = new Map<string, Map<number, T>>()
  return (instrument, atMs) => {
    const name = `${instrument.venue}:${instrument.id}`
    const results = known.get(name) ?? new Map<number, T>()
    known.set(name, results)
    const result = results.get(atMs) ?? work(instrument, atMs)
    results.set(atMs, result)
    return result
  }
}
