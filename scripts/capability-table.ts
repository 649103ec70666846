import { capabilitiesOf } from '../src/venues/capability.ts'
import { ADAPTERS } from '../src/venues/registry.ts'

const BEGIN = '<!-- registry: written by `npm run generate` -->'
const END = '<!-- end of the registry -->'

/** The registry of what venues are asked for, put into a document between its two marks. */
export function withCapabilityTable(document: string): string {
  const [from, to] = [document.indexOf(BEGIN), document.indexOf(END)]
  if (from < 0 || to < from) throw new Error(`docs/venues.md has lost its marks: ${BEGIN} … ${END}`)
  return `${document.slice(0, from + BEGIN.length)}\n\n${capabilityTable()}\n\n${document.slice(to)}`
}

function capabilityTable(): string {
  const rows = ADAPTERS.flatMap((adapter) =>
    capabilitiesOf(adapter).map(({ fact, call, method, reach, cadence, weightMs, unit, fields, kinds }) => {
      const names = fields.map((field) => `\`${field}\``).join(', ')
      const asked = `${call} (\`${method}\`)`
      return `| ${[adapter.name, fact, asked, reach, cadence, weightMs, unit, names, kinds.join(', ')].join(' | ')} |`
    })
  )
  return [
    '| venue | fact | call | reach | due | weight, ms | unit | fields | evidence |',
    '|---|---|---|---|---|---|---|---|---|',
    ...rows
  ].join('\n')
}
