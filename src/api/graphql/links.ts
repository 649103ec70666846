import type { IResolvers, MercuriusContext, MercuriusLoaders } from 'mercurius'
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
  Instrument: spotDetail,
  Gap: instrumentDetail
}

type Named = { readonly instrument?: string | null; readonly spot?: string | null }

/** Instruments are in memory: looking one up for each row asks the database nothing. */
export function linkResolvers({ catalogue }: ApiContext): IResolvers {
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
  return {
    BasisRow: details,
    FundingRow: { instrumentDetail },
    Instrument: { spotDetail },
    Gap: { instrumentDetail }
  } as unknown as IResolvers
}

/** Histories of all rows of a list come in one query. */
export function linkLoaders(context: ApiContext): MercuriusLoaders<MercuriusContext> {
  return {
    BasisRow: {
      history: {
        loader: (queries: never, asked: MercuriusContext) => basisHistories(context, notOfBoard(queries, asked), asked),
        opts: { cache: false }
      }
    },
    FundingRow: {
      history: {
        loader: (queries: never, asked: MercuriusContext) =>
          fundingHistories(context, notOfBoard(queries, asked), asked),
        opts: { cache: false }
      }
    }
  } as unknown as MercuriusLoaders<MercuriusContext>
}

function notOfBoard<T>(queries: T, asked: MercuriusContext): T {
  asked.isOfBoard = false
  return queries
}
