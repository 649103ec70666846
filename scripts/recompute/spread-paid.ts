import type { Reader } from './answer.ts'

// What a spread of now is paid at the settlements of its horizon, and the fees of both legs.

export const grossOf = ({ number, constant }: Reader) => {
  const [short, long] = ['short', 'long'].map(
    (leg) => number(`${leg}.rate`) * (constant('hoursPerYear') / number(`${leg}.intervalHours`))
  )
  if (short === long) return 0
  return number('short.rate') * number('short.settlements') - number('long.rate') * number('long.settlements')
}
export const costOf = ({ number }: Reader) => 2 * (number('short.taker') + number('long.taker'))
