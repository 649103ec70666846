/** Longer texts are not compared: nobody misspells them, and the work grows with their square. */
const LONGEST = 80

/** The candidate that takes the fewest single-character edits to reach, when that is few enough to be a misspelling. */
export function nearestOf(text: string, candidates: Iterable<string>): string | undefined {
  if (text.length > LONGEST) return undefined
  const wanted = text.toLowerCase()
  // A third of the characters, but always the two of a swap.
  const most = Math.max(2, Math.floor(wanted.length / 3))
  let best: { candidate: string; edits: number } | undefined
  for (const candidate of candidates) {
    const limit = Math.min(most, best === undefined ? most : best.edits - 1)
    if (Math.abs(candidate.length - wanted.length) > limit) continue
    const edits = editsBetween(wanted, candidate.toLowerCase(), limit)
    if (edits <= limit) best = { candidate, edits }
    if (edits === 0) break
  }
  return best?.candidate
}

/** ` (did you mean X?)`, or nothing when nothing is near. */
export function suggestionFor(text: string, candidates: Iterable<string>): string {
  const nearest = nearestOf(text, candidates)
  return nearest === undefined ? '' : `; did you mean ${nearest}?`
}

/** Levenshtein distance; some number above `limit` as soon as it is certain to exceed it. */
export function editsBetween(a: string, b: string, limit: number): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= b.length; column += 1) {
      const swap = previous[column - 1]! + (a[row - 1] === b[column - 1] ? 0 : 1)
      current.push(Math.min(swap, previous[column]! + 1, current[column - 1]! + 1))
    }
    if (Math.min(...current) > limit) return limit + 1
    previous = current
  }
  return previous[b.length]!
}
