import { sentimentView } from '../../contract/sentiment.ts'
import { heatAt } from '../../domain/heat.ts'
import { type HeatRows, heatInputsOf, heatRowsAt } from '../../domain/heat-rows.ts'
import type { Instrument } from '../../domain/instrument.ts'
import { floorTo, HOUR } from '../../domain/time.ts'
import { readHeatRows } from '../heat-inputs.ts'
import { largestOf } from '../operations/sentiment.ts'
import { madeOf, type Read } from './reading.ts'

type Rows = HeatRows & {
  readonly nowMs: number
  readonly contract: Instrument
  /** What the heat is of; of the past it is a full hour. */
  readonly scoredAt: number
}

/** Heat of the asset whose largest perpetual it is, now or at the last full hour until a moment. */
export const readSentiment: Read = async (context, { instrument, moment: { nowMs, isPast }, budget }) => {
  if (instrument.kind !== 'perpetual') return instrument.kind === 'spot' ? 'not_a_contract' : 'not_a_perpetual'
  const largest = await largestOf(context, [instrument.asset])
  if (largest.get(instrument.asset)?.id !== instrument.id) return 'not_the_largest'
  const scoredAt = isPast ? floorTo(nowMs, HOUR) : nowMs
  const span = { fromMs: scoredAt, toMs: scoredAt, knownAtMs: null }
  const stored = await readHeatRows(context, instrument, span, budget)
  const rows: Rows = { nowMs, contract: instrument, scoredAt, ...heatRowsAt(stored, scoredAt) }
  return madeOf(rows, viewOf)
}

function viewOf({ contract, scoredAt, ...rows }: Rows) {
  const { asset, key } = contract
  const view = sentimentView(heatAt(heatInputsOf(rows), scoredAt), { asset, instrument: key, atMs: scoredAt })
  // Why there is no score is why no component has a part in one.
  return { ...view, refusal: view.reason }
}
