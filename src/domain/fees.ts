import type { TakerFees } from './carry.ts'

/** One venue's taker fees, fractions of notional. Makers' are not here: a carry that is entered now crosses the spread. */
export type FeeTier = {
  readonly tier: string
  readonly spotTaker: number | null
  readonly contractTaker: number | null
}

export type FeeSchedule = {
  readonly venue: string
  readonly source: string
  /** The day on which the source was read. */
  readonly readOn: string
  /** The base tier first. */
  readonly tiers: readonly FeeTier[]
  /** Of delivery at expiry, fraction; null: none is known of. */
  readonly delivery: number | null
}

/** What everybody pays without volume. */
export const BASE_TIER = 'base'
/** Where a venue is not in the table. Spec section 6. */
export const FALLBACK_FEES = { spotTaker: 0.001, contractTaker: 0.0005 } as const
/** Raised with every change of the table below. */
export const FEE_TABLE_VERSION = 1

/** A new tier, or a venue's new prices, is a line here and a raised version. */
export const FEE_SCHEDULES: readonly FeeSchedule[] = [
  {
    venue: 'binance',
    source: 'contracts: ccxt 4.5.84, fees.linear; spot: two copies of the VIP table, which agree',
    readOn: '2026-11-30',
    delivery: null,
    tiers: tiersOf([0.001, 0.0005], {
      vip1: [0.001, 0.0004],
      vip2: [0.001, 0.00035],
      vip3: [0.0006, 0.00032],
      vip4: [0.00054, 0.0003],
      vip5: [0.00048, 0.00027],
      vip6: [0.00042, 0.00025],
      vip7: [0.00036, 0.00022],
      vip8: [0.0003, 0.0002],
      vip9: [0.00024, 0.00017]
    })
  },
  {
    venue: 'bybit',
    source: 'Bybit help centre, 000001634 (copy)',
    readOn: '2026-11-30',
    delivery: null,
    tiers: tiersOf([0.001, 0.00055], {
      vip1: [0.0008, 0.0004],
      vip2: [0.000775, 0.000375],
      vip3: [0.00075, 0.00035],
      vip4: [0.0006, 0.00032],
      vip5: [0.0005, 0.00032],
      supreme: [0.00045, 0.0003]
    })
  },
  {
    venue: 'okx',
    source: 'spot: okx.com/fees (copy); contracts: ccxt 4.5.84, fees.swap, where the base alone is told',
    readOn: '2026-11-30',
    delivery: null,
    tiers: tiersOf([0.001, 0.0005], {
      vip1: [0.0008, null],
      vip2: [0.0007, null],
      vip3: [0.0006, null],
      vip4: [0.0005, null],
      vip5: [0.0004, null],
      vip6: [0.0003, null],
      vip7: [0.00025, null],
      vip8: [0.0002, null]
    })
  },
  {
    venue: 'hyperliquid',
    source: 'ccxt 4.5.84, fees.swap and fees.spot',
    readOn: '2026-11-30',
    delivery: null,
    tiers: tiersOf([0.0007, 0.00045], {})
  },
  {
    venue: 'kraken',
    source: 'ccxt 4.5.84, fees of kraken and krakenfutures; tiers by volume of 30 d, the lower of both',
    readOn: '2026-11-30',
    delivery: null,
    tiers: tiersOf([0.0026, 0.0005], { '100k': [0.0022, 0.0004], '1m': [0.0016, 0.0003], '5m': [0.0012, 0.00025] })
  },
  {
    venue: 'deribit',
    source: 'support.deribit.com, 25944746248989 (copy); delivery: half of a taker’s, deribit.com/docs/fees (copy)',
    readOn: '2026-11-30',
    delivery: 0.00025,
    tiers: tiersOf([0, 0.0005], {})
  }
]

type Takers = readonly [spot: number | null, contract: number | null]

function tiersOf(base: Takers, others: Readonly<Record<string, Takers>>): FeeTier[] {
  return Object.entries({ [BASE_TIER]: base, ...others }).map(([tier, [spotTaker, contractTaker]]) => ({
    tier,
    spotTaker,
    contractTaker
  }))
}

/** Every tier that some venue has. */
export const FEE_TIERS: readonly string[] = [
  ...new Set(FEE_SCHEDULES.flatMap(({ tiers }) => tiers.map(({ tier }) => tier)))
]

export type VenueFee = {
  readonly venue: string
  /** The tier that was found: the base one where the venue has none of that name. */
  readonly tier: string
  /** Fraction of notional. */
  readonly taker: number
  readonly source: string
  readonly readOn: string | null
}

const FALLBACK_SOURCE = 'no table of this venue: the usual base rate is taken'

/** What taking costs on one venue; a rate that a tier does not tell is the base tier's, which is no lower. */
export function takerFeeOf(venue: string, leg: 'spot' | 'contract', wanted: string): VenueFee {
  const field = leg === 'spot' ? 'spotTaker' : 'contractTaker'
  const schedule = FEE_SCHEDULES.find((each) => each.venue === venue)
  const base = schedule?.tiers[0]
  if (!schedule || !base) {
    return { venue, tier: BASE_TIER, taker: FALLBACK_FEES[field], source: FALLBACK_SOURCE, readOn: null }
  }
  const tier = schedule.tiers.find((each) => each.tier === wanted) ?? base
  const taker = tier[field] ?? base[field] ?? FALLBACK_FEES[field]
  return { venue, tier: tier.tier, taker, source: schedule.source, readOn: schedule.readOn }
}

/** What a venue takes at expiry; a taker's fee where its delivery fee is not known. */
export function deliveryFeeOf(venue: string, { perpTaker }: Pick<TakerFees, 'perpTaker'>): number {
  return FEE_SCHEDULES.find((each) => each.venue === venue)?.delivery ?? perpTaker
}
