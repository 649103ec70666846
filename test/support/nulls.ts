type Fields = Readonly<Record<string, unknown>>

const isFields = (part: unknown): part is Fields => typeof part === 'object' && part !== null && !Array.isArray(part)

/**
 * The paths of every null of an answer whose reason is nowhere: not in the `absent` of the row it is in under its own path or that of
 * what it is part of, not in a word `absent` of its own object, and not plain by `isPlain`.
 */
export function nullsWithoutReason(row: Fields, isPlain: (path: string, row: Fields) => boolean): string[] {
  const found: string[] = []
  const walk = (part: unknown, path: string, reasons: Fields): void => {
    if (part === null) {
      const isTold = Object.keys(reasons).some((told) => told === path || path.startsWith(`${told}.`))
      if (!isTold && !isPlain(path, row)) found.push(path)
    } else if (Array.isArray(part)) {
      for (const each of part) walk(each, path, reasons)
    } else if (isFields(part)) {
      if (part !== row && isFields(part.absent)) {
        found.push(...nullsWithoutReason(part, isPlain).map((own) => `${path}.${own}`))
      } else if (typeof part.absent !== 'string') {
        for (const [name, value] of Object.entries(part)) {
          if (name !== 'absent') walk(value, path === '' ? name : `${path}.${name}`, reasons)
        }
      }
    }
  }
  walk(row, '', isFields(row.absent) ? row.absent : {})
  return found
}

/** Reasons of fields that are not null: a reason for what is there is wrong. */
export function reasonsOfValues(row: Fields): string[] {
  return Object.keys(row.absent as Fields).filter((field) => (row[field] ?? null) !== null)
}

/** What a perpetual or a dated contract never has: of the kind of instrument no answer gives the reason. */
const NEVER: Readonly<Record<string, RegExp>> = {
  perpetual: /^(expiresAt|daysToExpiry|basisApr|fees\.deliveryFrac)$/,
  future:
    /^(funding.*|nextSettlement.*|cap|floor|determined|costToRecoverFrac|breakEven.*|fair\.(noisyFair|premiumSigma)Bps|points\.realisedFundingApr)$/
}
/** Words that are null where there is nothing to say, and what a point of a curve has by its own kind. */
const WORDS = /^(refusal|refusalDetail|points\.expiresAt|points\.realisedFundingApr)$/

/** Nulls that need no reason. */
export const isPlain = (path: string, { kind }: Record<string, unknown>) =>
  WORDS.test(path) || (NEVER[String(kind)]?.test(path) ?? false)
