export type MadeMetric = {
  readonly unit: string
  readonly formula: string
  readonly inputs: readonly string[]
  readonly constants?: Readonly<Record<string, number>>
  /** Where it stands in the answer's row, where that is not its own name. */
  readonly path?: string
}
/** By field. */
export type Words = Readonly<Record<string, MadeMetric>>
