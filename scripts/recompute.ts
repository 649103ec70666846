// Makes numbers again of nothing but what `/v1/explain` answers: answers on stdin, one a line, or in the file that is named; one value a
// line on stdout, null where none is served, `another hash` where the rows are not those of `rowsHash`. Imports nothing of the service: its arithmetic is its own,
// but for matrices, which are those of the library that the formula names.
//   curl -s '127.0.0.1:8080/v1/explain?metric=basisBps&instrument=binance:BTC/USDT:USDT' | node scripts/recompute.ts
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Answer, Value } from './recompute/answer.ts'
import { recomputeAnswer } from './recompute/answers.ts'
import { recomputeRow } from './recompute/board.ts'

/** The hash of `rows` as the field's description says. */
function hashOf(rows: unknown): string {
  const sorted = (part: unknown): unknown => {
    if (Array.isArray(part)) return part.map(sorted)
    if (typeof part !== 'object' || part === null) return part
    const fields = Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))
    return Object.fromEntries(fields.map(([name, value]) => [name, sorted(value)]))
  }
  return createHash('sha256')
    .update(JSON.stringify(sorted(rows)))
    .digest('hex')
}

/** Of nothing comes nothing, and what is withheld is not told here either. */
function again(answer: Answer): Value {
  if (answer.rows === null) return null
  if (hashOf(answer.rows) !== answer.rowsHash) return 'another hash'
  if (answer.value === null) return null
  return answer.metric.includes('.') ? recomputeAnswer(answer) : recomputeRow(answer)
}

const [file] = process.argv.slice(2)
const lines = createInterface({ input: file === undefined ? process.stdin : createReadStream(file) })
for await (const line of lines) {
  if (line.trim() === '') continue
  const given = JSON.parse(line) as Answer | { readonly data: Answer }
  const answer = 'data' in given ? given.data : given
  process.stdout.write(`${JSON.stringify(again(answer))}\n`)
}
