import type { Columns, ColumnType } from '../copy.ts'
import { BASIS_COLUMNS, DEPTH_COLUMNS, ESTIMATE_COLUMNS, FLOW_COLUMNS, MARKET_COLUMNS } from '../fact-columns.ts'
import type { PartitionedTable } from '../partitions.ts'
import type { Cell, CellType } from './column-codec.ts'
import type { Layout } from './day-codec.ts'

/** A fact that is kept by the tick: its rows are hot for some days and sealed after that. */
export type Fact = {
  readonly name: string
  readonly table: PartitionedTable
  /** Whether a series is one contract against one spot leg. */
  readonly hasSpot: boolean
  /** The columns of a sealed day, the grid time first. */
  readonly layout: Layout
}

const CELL_TYPES: Readonly<Record<Exclude<ColumnType, 'json'>, CellType>> = {
  int2: 'int',
  int4: 'int',
  float8: 'float',
  numeric: 'numeric',
  timestamptz: 'time',
  text: 'text',
  'text[]': 'texts'
}

export const FACTS = {
  market: factOf('market', 'market_snapshot', MARKET_COLUMNS),
  fundingEstimate: factOf('funding_estimate', 'funding_estimate', ESTIMATE_COLUMNS),
  basis: factOf('basis', 'basis_snapshot', BASIS_COLUMNS),
  depth: factOf('depth', 'depth_snapshot', DEPTH_COLUMNS),
  flow: factOf('flow', 'flow_snapshot', FLOW_COLUMNS)
} as const

function factOf(name: string, table: PartitionedTable, columns: Columns): Fact {
  const own = Object.entries(columns).filter(([column]) => !/^(instrument_id|spot_id|tick_at)$/.test(column))
  return {
    name,
    table,
    hasSpot: 'spot_id' in columns,
    layout: [
      ['tick_at', 'time'],
      ['revision', 'int'],
      // The order in which facts became known is told to the microsecond.
      ['known_at', 'micros'],
      ...own.map(([column, type]) => [column, CELL_TYPES[type as Exclude<ColumnType, 'json'>]] as const)
    ]
  }
}

/** A column of a hot row as the codec takes it. */
export function cellSql(column: string, type: CellType): string {
  if (type === 'time') return `(extract(epoch from ${column}) * 1000)::float8 as ${column}`
  if (type === 'micros') return `(extract(epoch from ${column}) * 1000000)::float8 as ${column}`
  return column
}

/** A sealed cell as the driver answers a hot one. */
export function storedValue(type: CellType, cell: Cell): Cell | Date {
  if (cell === null || (type !== 'time' && type !== 'micros')) return cell
  return new Date(type === 'time' ? (cell as number) : Math.floor((cell as number) / 1_000))
}
