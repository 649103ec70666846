import { fraction } from './fraction.ts'

type Input = { readonly name: string; readonly value: string | number | null }
/** What of an answer of `/v1/explain` a number is made again of. */
export type Answer = {
  readonly metric: string
  readonly spot: string | null
  readonly asOf: string
  readonly inputs: readonly Input[]
  readonly constants: readonly { readonly name: string; readonly value: number }[]
  /** As served; null where it is withheld. */
  readonly value: Value
  readonly rows: object | null
  readonly rowsHash: string | null
}
export type Value = string | number | null

/** Its inputs and constants by their names. */
export function readerOf({ inputs, constants }: Pick<Answer, 'inputs' | 'constants'>) {
  const values = new Map(inputs.map(({ name, value }) => [name, value]))
  const raw = (name: string) => values.get(name) ?? null
  return {
    raw,
    has: (name: string) => values.has(name),
    of: (name: string) => fraction(raw(name)),
    number: (name: string) => Number(raw(name)),
    timeOf: (name: string) => Date.parse(String(raw(name))),
    constant: (name: string) => constants.find((each) => each.name === name)!.value,
    /** Those whose names begin so, in their order. */
    constants: (start: string) => constants.flatMap(({ name, value }) => (name.startsWith(start) ? [value] : [])),
    only: () => inputs[0]!.value,
    /** The field of every row of a list. */
    each: (list: string, field: string) => {
      const found: Value[] = []
      for (let place = 0; values.has(`${list}.${place}.${field}`); place += 1)
        found.push(raw(`${list}.${place}.${field}`))
      return found
    }
  }
}
export type Reader = ReturnType<typeof readerOf>
/** One number of an answer, made again. */
export type Maker = (read: Reader, answer: Answer) => Value
