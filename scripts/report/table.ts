type Cell = string | number

/** A table of Markdown. */
export function tableOf(head: readonly string[], rows: readonly (readonly Cell[])[]): string[] {
  const line = (cells: readonly Cell[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)]
}

/** A fraction as a percentage, without a minus before nothing. */
export const percent = (fraction: number | null, digits = 2): string =>
  fraction === null ? '–' : `${fixed(fraction * 100, digits)} %`

export const fixed = (value: number | null, digits = 2): string =>
  value === null ? '–' : value.toFixed(digits).replace(/^-(0(\.0+)?)$/, '$1')

/** How many of them are so. */
export const sharePercent = <T>(all: readonly T[], is: (each: T, index: number) => boolean): string =>
  percent(all.length === 0 ? null : all.filter(is).length / all.length, 0)
