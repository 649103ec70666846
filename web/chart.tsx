import { type ReactNode, useEffect, useRef } from 'react'
// Before the chart, which asks for the language as it is loaded.
import './language.ts'
import UPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'

export type Line = {
  readonly label: string
  readonly values: readonly (number | null)[]
  /** A colour of style.css. */
  readonly colour: string
  readonly isBars?: boolean
}

type ChartProps = {
  readonly title: string
  /** What is shown, for those who do not see it. */
  readonly summary: string
  /** Seconds since 1970. */
  readonly times: readonly number[]
  readonly lines: readonly Line[]
  readonly write: (value: number) => string
  readonly children?: ReactNode
}

const HEIGHT_PX = 170
/** So few values may stand alone, where no line shows them. */
const FEW = 40

/** A history, drawn. Where nothing is known, there is a hole and no line across it. */
export function Chart({ title, summary, times, lines, write, children }: ChartProps): ReactNode {
  const placeRef = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const place = placeRef.current
    if (place === null || times.length === 0) return
    const scheme = matchMedia('(prefers-color-scheme: dark)')
    const data = [[...times], ...lines.map(({ values }) => [...values])] as UPlot.AlignedData
    const draw = () => new UPlot(optionsOf(place.clientWidth, lines, write), data, place)
    let plot = draw()
    const redraw = () => {
      plot.destroy()
      plot = draw()
    }
    const observer = new ResizeObserver(() => {
      if (place.clientWidth !== plot.width) plot.setSize({ width: place.clientWidth, height: HEIGHT_PX })
    })
    observer.observe(place)
    scheme.addEventListener('change', redraw)
    return () => {
      scheme.removeEventListener('change', redraw)
      observer.disconnect()
      plot.destroy()
    }
  }, [times, lines, write])
  return (
    <figure className="chart" aria-label={`${title}. ${summary}`}>
      <figcaption>
        <h3>{title}</h3>
        {children}
      </figcaption>
      <div ref={placeRef} className="plot" />
      <p className="aside">{summary}</p>
    </figure>
  )
}

function optionsOf(width: number, lines: readonly Line[], write: (value: number) => string): UPlot.Options {
  const style = getComputedStyle(document.documentElement)
  const colour = (name: string) => style.getPropertyValue(`--${name}`).trim()
  const axis = { stroke: colour('aside'), grid: { stroke: colour('line'), width: 1 }, ticks: { show: false } }
  const font = '11px system-ui, sans-serif'
  return {
    width,
    height: HEIGHT_PX,
    // Times as in the rest of the page.
    tzDate: (seconds) => UPlot.tzDate(new Date(seconds * 1_000), 'UTC'),
    legend: { show: true, live: true },
    cursor: { y: false, points: { size: 6 } },
    axes: [
      { ...axis, font, size: 28, space: 60, values: (_plot, ticks) => timeLabels(ticks) },
      { ...axis, font, size: 62, values: (_plot, ticks) => ticks.map(write) }
    ],
    series: [
      { label: 'UTC', value: (_plot, seconds) => (seconds === null ? '–' : shortTime(seconds)) },
      ...lines.map(({ label, values, colour: name, isBars }) => ({
        label,
        stroke: colour(name),
        width: isBars ? 0 : 1.5,
        points: { show: !isBars && values.filter((value) => value !== null).length < FEW, size: 4 },
        value: (_plot: UPlot, value: number | null) => (value === null ? '–' : write(value)),
        ...(isBars ? { fill: colour(name), paths: UPlot.paths.bars!({ size: [0.8, 12] }) } : {})
      }))
    ]
  }
}

/** Hours within a day or two, else days. */
function timeLabels(ticks: readonly number[]): string[] {
  const isShort = (ticks[1] ?? 0) - (ticks[0] ?? 0) < 86_400
  return ticks.map((seconds) => (isShort ? shortTime(seconds).slice(6) : shortTime(seconds).slice(0, 5)))
}

function shortTime(seconds: number): string {
  return new Date(seconds * 1_000).toISOString().slice(5, 16).replace('T', ' ')
}
