// Makes numbers again of nothing but what `/v1/explain` answers: one answer a line on stdin, one value a line on stdout. Imports nothing
// of the service: its arithmetic is its own, of exact fractions.
import { createHash } from 'node:crypto'
import { createInterface } from 'node:readline'

type Input = { name: string; value: string | number | null }
type Answer = {
  metric: string
  spot: string | null
  asOf: string
  inputs: Input[]
  constants: { name: string; value: number }[]
  rows: object
  rowsHash: string
}
type Fraction = { over: bigint; under: bigint }

function fraction(value: unknown): Fraction {
  const [mantissa = '', exponent = '0'] = String(value).toLowerCase().split('e')
  const [whole = '', decimals = ''] = mantissa.split('.')
  const shift = Number(exponent) - decimals.length
  const over = BigInt(whole + decimals)
  return shift >= 0 ? { over: over * 10n ** BigInt(shift), under: 1n } : { over, under: 10n ** BigInt(-shift) }
}
const times = (a: Fraction, b: Fraction) => ({ over: a.over * b.over, under: a.under * b.under })
const by = (a: Fraction, b: Fraction) => ({ over: a.over * b.under, under: a.under * b.over })
const minus = (a: Fraction, b: Fraction) => ({ over: a.over * b.under - b.over * a.under, under: a.under * b.under })
const mid = (a: Fraction, b: Fraction) => ({ over: a.over * b.under + b.over * a.under, under: a.under * b.under * 2n })

const DIGITS = 60n
/** The nearest float. */
const float = ({ over, under }: Fraction) => Number(`${(over * 10n ** DIGITS) / under}e-${DIGITS}`)

/** A fraction that ends, as plain text. */
function text({ over, under }: Fraction): string {
  const digits = String((over * 10n ** DIGITS) / under).padStart(Number(DIGITS) + 1, '0')
  const at = digits.length - Number(DIGITS)
  return `${digits.slice(0, at)}.${digits.slice(at)}`.replace(/\.?0+$/, '')
}

function recompute({ metric, spot: spotKey, asOf, inputs, constants }: Answer): string | number | null {
  const raw = (name: string) => inputs.find((input) => input.name === name)?.value ?? null
  const of = (name: string) => fraction(raw(name))
  const constant = (name: string) => constants.find((each) => each.name === name)!.value
  const number = (name: string) => Number(raw(name))
  const has = (name: string) => inputs.some((input) => input.name === name)
  const only = () => inputs[0]!.value

  const units = () =>
    raw('contract.multiplier') === null
      ? fraction(1)
      : by(of('contract.multiplier'), fraction((spotKey && raw('spot.multiplier')) ?? 1))
  const spot = (side: string) => times(of(`spotLatest.quote.${side}`), units())
  const contractMid = () =>
    has('basis.contractMid')
      ? of('basis.contractMid')
      : mid(of('contractLatest.quote.bid'), of('contractLatest.quote.ask'))
  const spotMid = () => (has('basis.spotMid') ? of('basis.spotMid') : mid(spot('bid'), spot('ask')))
  const fx = () => {
    if (has('basis.fx')) return of('basis.fx')
    return raw('contract.quote') === raw('spot.quote') ? fraction(1) : of('tradedFx.rate')
  }
  const share = (price: Fraction, reference: Fraction) => float(by(minus(price, reference), reference))
  const bps = (price: Fraction, reference: Fraction) => share(price, reference) * constant('bps')
  const days = () =>
    (Date.parse(String(raw('contract.expiresAt'))) - Date.parse(String(raw('derivedAt')))) / constant('dayMs')
  const rate = (row: string) => [number(`${row}.rate`), number(`${row}.intervalHours`)] as const
  const yearly = (row: string) => {
    const [paid, hours] = rate(row)
    return paid * (constant('hoursPerYear') / hours)
  }
  const per8h = (row: string) => {
    const [paid, hours] = rate(row)
    return (paid * constant('hours')) / hours
  }
  const funding = has('estimate.rate') ? 'estimate' : 'contractLatest.estimate'
  const at = (names: string[]) => Date.parse(String(names.map(raw).find((value) => value !== null)))

  switch (metric) {
    case 'multiplier':
      return has('basis.multiplier') ? Number(only()) : float(units())
    case 'fx':
      return float(fx())
    case 'contractMid':
      return has('basis.contractMid') ? only() : text(contractMid())
    case 'spotBid':
      return has('basis.spotBid') ? only() : text(spot('bid'))
    case 'spotAsk':
      return has('basis.spotAsk') ? only() : text(spot('ask'))
    case 'spotMid':
      return has('basis.spotMid') ? only() : text(spotMid())
    case 'basisAbs': {
      const { over, under } = minus(contractMid(), spotMid())
      return over < 0n ? `-${text({ over: -over, under })}` : text({ over, under })
    }
    case 'basisBps':
      return bps(contractMid(), spotMid())
    case 'adjustedBasisBps':
      return bps(contractMid(), times(spotMid(), fx()))
    case 'fxBps':
      return bps(contractMid(), spotMid()) - bps(contractMid(), times(spotMid(), fx()))
    case 'premiumBps': {
      const row = has('market.mark') ? 'market' : 'contractLatest.mark'
      return bps(of(`${row}.mark`), of(`${row}.index`))
    }
    case 'carryEntryBps':
      return has('basis.spotAsk')
        ? bps(of('basis.contractBid'), of('basis.spotAsk'))
        : bps(of('contractLatest.quote.bid'), spot('ask'))
    case 'reverseEntryBps':
      return has('basis.spotBid')
        ? bps(of('basis.contractAsk'), of('basis.spotBid'))
        : bps(of('contractLatest.quote.ask'), spot('bid'))
    case 'daysToExpiry':
      return days()
    case 'basisApr':
      return share(contractMid(), times(spotMid(), fx())) * (constant('daysPerYear') / days())
    case 'fundingRate8h':
      return per8h(funding)
    case 'fundingApr':
      return yearly(funding)
    case 'settledRate8h':
      return per8h('settlement')
    case 'settledApr':
      return yearly('settlement')
    case 'estimateDifference':
      return float(minus(of('settlement.rate'), of('settlement.estimateRate')))
    case 'fundingRate':
    case 'cap':
    case 'floor':
    case 'settledRate':
      return Number(only())
    case 'fundingFormulaVersion': {
      if (has('estimate.formulaVersion')) return only()
      const received = at(['contractLatest.estimate.observedAt'])
      const breaks = constants.filter(({ name }) => name.startsWith(`${raw('contract.venue')} `))
      return 1 + breaks.filter(({ value }) => value <= received).length
    }
    case 'ageMs':
      return Date.parse(asOf) - Math.min(...inputs.map(({ name }) => at([name])))
    case 'skewMs': {
      const names = inputs.map(({ name }) => name)
      return Math.abs(at(names.slice(0, 2)) - at(names.slice(2)))
    }
    default:
      return only()
  }
}

/** The hash of `rows` as the field's description says. */
function hashOf(rows: unknown): string {
  const sorted = (part: unknown): unknown => {
    if (Array.isArray(part)) return part.map(sorted)
    if (typeof part !== 'object' || part === null) return part
    const fields = Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))
    return Object.fromEntries(fields.map(([name, value]) => [name, sorted(value)]))
  }
  return createHash('sha256')
    .update(JSON.stringify(sorted(rows)))
    .digest('hex')
}

for await (const line of createInterface({ input: process.stdin })) {
  const answer = JSON.parse(line) as Answer
  const isWhole = hashOf(answer.rows) === answer.rowsHash
  process.stdout.write(`${JSON.stringify(isWhole ? recompute(answer) : 'another hash')}\n`)
}
