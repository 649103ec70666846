/** A request that Binance refuses: HTTP 400 with its own code and words. */
export class BinanceProblem extends Error {
  readonly status: number
  readonly code: number
  constructor(code: number, message: string, status = 400) {
    super(message)
    this.code = code
    this.status = status
  }
}

export const invalidSymbol = () => new BinanceProblem(-1121, 'Invalid symbol.')
export const invalidInterval = () => new BinanceProblem(-1120, 'Invalid interval.')
export const missing = (name: string) =>
  new BinanceProblem(-1102, `Mandatory parameter '${name}' was not sent, was empty/null, or malformed.`)
export const illegal = (name: string) =>
  new BinanceProblem(-1100, `Illegal characters found in parameter '${name}'; legal range is '^[0-9]{1,20}$'.`)
export const invalidParameter = (name: string) =>
  new BinanceProblem(-1130, `Data sent for parameter '${name}' is not valid.`)
