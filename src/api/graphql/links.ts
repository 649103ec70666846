import DataLoader from 'dataloader'
import type { IResolvers, MercuriusContext } from 'mercurius'
import { instrumentView } from '../../contract/reference.ts'
import type { ApiContext } from '../context.ts'
import { basisHistories, basisLinkParameters, fundingHistories, fundingLinkParameters } from './nested-histories.ts'
import type { Links } from './schema.ts'
import { argumentsOf } from './types.ts'

const instrumentDetail = '  "All that is known of the instrument"\n  instrumentDetail: Instrument'
const spotDetail = '  "All that is known of the spot leg; null where there is none"\n  spotDetail: Instrument'

/** From one thing to another. */
export const LINKS: Links = {
  BasisRow: [
    instrumentDetail,
    spotDetail,
    `  "Its basis over time, against the same spot leg, in buckets"\n  history${argumentsOf(basisLinkParameters)}: BasisHistoryConnection!`
  ].join('\n'),
  FundingRow: [
    instrumentDetail,
    `  "What it settled"\n  history${argumentsOf(fundingLinkParameters)}: FundingHistoryConnection!`
  ].join('\n'),
  OpenInterestRow: instrumentDetail,
  Stablecoin: instrumentDetail,
  FlowRow: instrumentDetail,
  LiquidationRow: instrumentDetail,
  DepthRow: `${instrumentDetail}\n${spotDetail}`,
  Instrument: spotDetail,
  Gap: instrumentDetail
}

type Named = { readonly instrument?: string | null; readonly spot?: string | null }

/** Instruments are in memory: looking one up for each row asks the database nothing. */
export function linkResolvers(context: ApiContext): IResolvers {
  const { catalogue } = context
  const detailOf = async (key: string | null | undefined, asked: MercuriusContext) => {
    asked.isOfBoard = false
    if (key === null || key === undefined) return null
    const { byKey, byId } = await catalogue.read()
    const instrument = byKey.get(key)
    return instrument === undefined ? null : instrumentView(instrument, (id) => byId.get(id)?.key)
  }
  const details = {
    instrumentDetail: ({ instrument }: Named, _args: unknown, asked: MercuriusContext) => detailOf(instrument, asked),
    spotDetail: ({ spot }: Named, _args: unknown, asked: MercuriusContext) => detailOf(spot, asked)
  }
  const { instrumentDetail, spotDetail } = details
  const historiesOf = gatherHistories(context)
  const historyOf = (kind: keyof Histories) => (obj: never, params: Ask['params'], asked: MercuriusContext) => {
    asked.isOfBoard = false
    return historiesOf(asked)[kind].load({ obj, params })
  }
  return {
    BasisRow: { ...details, history: historyOf('basis') },
    FundingRow: { instrumentDetail, history: historyOf('funding') },
    OpenInterestRow: { instrumentDetail },
    Stablecoin: { instrumentDetail },
    FlowRow: { instrumentDetail },
    LiquidationRow: { instrumentDetail },
    DepthRow: details,
    Instrument: { spotDetail },
    Gap: { instrumentDetail }
  } as unknown as IResolvers
}

type Ask = { readonly obj: never; readonly params: Readonly<Record<string, unknown>> }
type Histories = { readonly basis: DataLoader<Ask, unknown>; readonly funding: DataLoader<Ask, unknown> }

/** Histories of all rows of a list come in one query: what one request asks in one turn is gathered. */
function gatherHistories(context: ApiContext) {
  const gathering = new WeakMap<MercuriusContext, Histories>()
  const isUncached = { cache: false } as const
  return (asked: MercuriusContext): Histories => {
    const known = gathering.get(asked)
    if (known !== undefined) return known
    const made = {
      basis: new DataLoader<Ask, unknown>((asks) => basisHistories(context, asks, asked), isUncached),
      funding: new DataLoader<Ask, unknown>((asks) => fundingHistories(context, asks, asked), isUncached)
    }
    gathering.set(asked, made)
    return made
  }
}
