import { othersTurn } from '../clock.ts'

/** What one request may compute before others have their turn. */
const TURN_MS = 4

/** As `map`, in turns with whatever else there is to do: a long list keeps nobody waiting. */
export async function mapInTurns<Row, View>(rows: readonly Row[], view: (row: Row) => View): Promise<View[]> {
  const made: View[] = []
  let begunMs = performance.now()
  for (const row of rows) {
    made.push(view(row))
    if (performance.now() - begunMs < TURN_MS) continue
    await othersTurn()
    begunMs = performance.now()
  }
  return made
}
