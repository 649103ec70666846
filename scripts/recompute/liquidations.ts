import type { Maker, Reader } from './answer.ts'
import { fraction, minus, plus, text } from './fraction.ts'

const sumOf = ({ each }: Reader, field: string, position?: string) => {
  const positions = each('liquidations', 'position')
  const amounts = each('liquidations', field).filter((_, place) => (position ?? positions[place]) === positions[place])
  return text(amounts.reduce((sum, amount) => plus(sum, fraction(amount)), fraction(0)))
}
const sums = (field: string, suffix: string): Readonly<Record<string, Maker>> => ({
  [`long${suffix}`]: (read) => sumOf(read, field, 'long'),
  [`short${suffix}`]: (read) => sumOf(read, field, 'short'),
  [`total${suffix}`]: (read) => sumOf(read, field)
})

export const LIQUIDATIONS: Readonly<Record<string, Maker>> = {
  looks: ({ each }) => each('looks', 'tickAt').length,
  liquidations: ({ each }) => each('liquidations', 'position').length,
  ...sums('base', 'Base'),
  ...sums('quote', 'Usd'),
  largestUsd: ({ each }) => {
    const quotes = each('liquidations', 'quote').map(fraction)
    return text(quotes.reduce((most, quote) => (minus(quote, most).over > 0n ? quote : most)))
  }
}
