import { integerOf } from '../answer.ts'
import type { SimInstrument } from '../market/instrument.ts'
import type { Listings } from '../market/listings.ts'
import type { SimRequest } from '../request.ts'

/** A request that OKX refuses: a code in the body, and a status of its own only for faults of the request's form. */
export class OkxProblem extends Error {
  readonly code: string
  readonly status: number
  constructor(code: string, message: string, status = 400) {
    super(message)
    this.code = code
    this.status = status
  }
}

/** What every answer of OKX is made from. */
export type OkxRequest = SimRequest

const INSTRUMENT_TYPES = ['SPOT', 'SWAP', 'FUTURES', 'OPTION'] as const
export type InstrumentType = (typeof INSTRUMENT_TYPES)[number]

export function typeOf({ kind }: SimInstrument): InstrumentType {
  if (kind === 'spot') return 'SPOT'
  return kind === 'perpetual' ? 'SWAP' : 'FUTURES'
}

export function empty(name: string): OkxProblem {
  return new OkxProblem('50014', `Parameter ${name} can not be empty.`)
}

export function invalid(name: string): OkxProblem {
  return new OkxProblem('51000', `Parameter ${name} error`)
}

export function unknownInstrument(): OkxProblem {
  return new OkxProblem('51001', "Instrument ID, Instrument ID code, or Spread ID doesn't exist.", 200)
}

/** `instType`, which most of the bulk questions need. */
export function instTypeOf({ params }: OkxRequest): InstrumentType {
  const text = params.get('instType')
  if (!text) throw empty('instType')
  const type = INSTRUMENT_TYPES.find((known) => known === text)
  if (!type) throw invalid('instType')
  return type
}

/** The listed instruments of a type, of one underlying or of one id where the question names them; options: none. */
export function instrumentsOf({ listings, params }: OkxRequest, type: InstrumentType): readonly SimInstrument[] {
  const listed = byType(listings)[type]
  const id = params.get('instId')
  const family = params.get('uly') ?? params.get('instFamily')
  if (!id && !family) return listed
  const wanted = listed.filter((each) => (!id || each.id === id) && (!family || familyOf(each) === family))
  if (wanted.length === 0) throw unknownInstrument()
  return wanted
}

const grouped = new WeakMap<Listings, Readonly<Record<InstrumentType, readonly SimInstrument[]>>>()

/** Lists that stay the same objects as long as the listings do: snapshots are kept by them. */
function byType(listings: Listings): Readonly<Record<InstrumentType, readonly SimInstrument[]>> {
  let groups = grouped.get(listings)
  if (!groups) {
    const contracts = [...listings.inverse, ...listings.linear]
    const of = (type: InstrumentType) => contracts.filter((each) => typeOf(each) === type)
    groups = { SPOT: listings.spot, SWAP: of('SWAP'), FUTURES: of('FUTURES'), OPTION: [] }
    grouped.set(listings, groups)
  }
  return groups
}

/** The one instrument that `instId` must name. */
export function requiredInstrumentOf({ params, listings }: OkxRequest): SimInstrument {
  const id = params.get('instId')
  if (!id) throw empty('instId')
  const { spot, linear, inverse } = listings.byId
  const instrument = spot.get(id) ?? linear.get(id) ?? inverse.get(id)
  if (!instrument) throw unknownInstrument()
  return instrument
}

/** BTC-USDT: the index that a contract follows, and the spot market of the same name. */
export function familyOf({ base, quote }: SimInstrument): string {
  return `${base}-${quote}`
}

/** A perpetual of the family that `instId` names, whose index is the family's. */
export function requiredFamilyOf(request: OkxRequest): SimInstrument {
  const id = request.params.get('instId')
  if (!id) throw empty('instId')
  const instrument = byType(request.listings).SWAP.find((each) => familyOf(each) === id)
  if (!instrument) throw unknownInstrument()
  return instrument
}

export function limitOf(params: URLSearchParams, fallback: number, most: number, name = 'limit'): number {
  const limit = integerOf(params, name, fallback)
  if (!(limit >= 1)) throw invalid(name)
  return Math.min(limit, most)
}

/** Rows wanted lie strictly between the two: newer than `before`, older than `after`. */
export function pageOf({ params }: OkxRequest): { readonly beforeMs: number; readonly afterMs: number } {
  const beforeMs = integerOf(params, 'before', Number.NEGATIVE_INFINITY)
  const afterMs = integerOf(params, 'after', Number.POSITIVE_INFINITY)
  if (Number.isNaN(beforeMs)) throw invalid('before')
  if (Number.isNaN(afterMs)) throw invalid('after')
  return { beforeMs, afterMs }
}
