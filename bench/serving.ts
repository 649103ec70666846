import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sleep } from '../src/clock.ts'
import { fillBoard, insertContracts } from './board-fill.ts'
import { startChild } from './child.ts'
import { benchDatabase } from './database.ts'
import { type Figure, inTurn } from './figure.ts'
import { needTool, wrk } from './tools.ts'

const RUNS = 5
const LOAD = { seconds: 3, connections: 10 }

const GRAPHQL = `query ($least: Float) { basis(first: 50, minOpenInterestUsd: $least) { nodes { instrument spot venue asset kind basisBps adjustedBasisBps premiumBps carryEntryBps
  reverseEntryBps fundingRate fundingIntervalHours fundingIntervalSource fundingApr nextSettlementAt openInterestUsd grade reasons
  ageMs observedAt } pageInfo { hasNextPage endCursor } } }`

// Why two goals are missed, found by profiles and by taking parts away one at a time.
const UNCHANGED =
  'hello world runs no hook and sends three headers. Taken away one at a time: counting requests by caller is worth 0.14 of the ratio, ' +
  'an event in the log 0.09; the rest is the look at host, key and tag, of some 0.3 µs each'
const DIFFERING =
  'nothing is kept from one question to the next: the compiled query over 50 rows of 20 fields and writing its JSON take two fifths of the time, ' +
  'reading the question an eighth; what others ask as well is answered from memory, a line above'

/** The API over a board of 5,000 contracts that is written anew each second, against a server that answers the same bytes from memory. */
export async function measureServing(): Promise<Figure[]> {
  needTool('wrk')
  await using database = await benchDatabase()
  await insertContracts(database.db)
  await fillBoard(database.db, 0)
  const folder = await mkdtemp(join(tmpdir(), 'contango-serving-'))
  const stop = new AbortController()
  await using api = await startChild('serving-process.ts', ['api', database.url])
  const asked = JSON.stringify({ query: GRAPHQL, variables: { least: 'N' } })
  const graphqlBody = asked.replace('"N"', '0')
  const fifty = await (await post(`${api.first}/graphql`, graphqlBody)).text()
  const bodies = [
    await bodyOf(`${api.first}/v1/basis?limit=5000`),
    await bodyOf(`${api.first}/v1/basis?limit=50`),
    fifty
  ]
  const files = bodies.map((_, index) => join(folder, `${index}.json`))
  await Promise.all(bodies.map((body, index) => writeFile(files[index]!, body)))
  const [script, differing] = ['same.lua', 'other.lua'].map((name) => join(folder, name)) as [string, string]
  const lua = `wrk.method = "POST"\nwrk.headers["content-type"] = "application/json"\n`
  await writeFile(script, `${lua}wrk.body = ${JSON.stringify(graphqlBody)}\n`)
  // The same document with another number each time: nothing that has been answered before helps.
  const [head, tail] = asked.split('"N"').map((part) => JSON.stringify(part))
  await writeFile(
    differing,
    `${lua}local n = 0\nrequest = function()\n  n = n + 1\n  return wrk.format(nil, nil, nil, ${head} .. n .. ${tail})\nend\n`
  )
  await using plain = await startChild('serving-process.ts', ['plain', ...files])
  const refreshing = (async () => {
    for (let turn = 1; !stop.signal.aborted; turn += 1) {
      const startedAt = performance.now()
      await fillBoard(database.db, turn)
      await sleep(1_000 - (performance.now() - startedAt), stop.signal)
    }
  })()
  const load = async (url: string, more: { headers?: Record<string, string>; script?: string } = {}) => {
    const { perSecond, failed } = await wrk(url, { ...LOAD, ...more })
    if (failed > 0) throw new Error(`${url}: ${failed} answers were refusals`)
    return perSecond
  }
  const compare = async (
    name: string,
    atLeast: number,
    [path, more]: [string, { headers?: Record<string, string>; script?: string }],
    [word, yardstick]: [string, string],
    note = ''
  ): Promise<Figure> => {
    const measured = await inTurn(
      RUNS,
      () => load(api.first + path, more),
      () => load(plain.first + yardstick)
    )
    const ratio = measured.ours / measured.yardstick
    return {
      name,
      unit: 'req/s',
      ours: measured.ours,
      yardstick: { name: word, value: measured.yardstick },
      ratio,
      goal: { atLeast },
      runs: RUNS,
      note
    }
  }
  try {
    const unchanged = { headers: { 'if-none-match': '*' } }
    return [
      await compare(
        'board of 5,000 contracts, written anew each second',
        0.8,
        ['/v1/basis?limit=5000', {}],
        ['the same bytes from memory', '/static0']
      ),
      await compare('the same, 304', 0.9, ['/v1/basis?limit=5000', unchanged], ['hello world', '/hello'], UNCHANGED),
      await compare('board, 50 rows', 0.8, ['/v1/basis?limit=50', {}], ['the same bytes from memory', '/static1']),
      await compare(
        'GraphQL, 50 rows of 20 fields, a question that others ask as well',
        0.25,
        ['/graphql', { script }],
        ['the same bytes from memory', '/static2']
      ),
      await compare(
        'GraphQL, 50 rows of 20 fields, each time another question',
        0.25,
        ['/graphql', { script: differing }],
        ['the same bytes from memory', '/static2'],
        DIFFERING
      )
    ]
  } finally {
    stop.abort()
    await refreshing
    await rm(folder, { recursive: true, force: true })
  }
}

const post = (url: string, body: string) =>
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
const bodyOf = async (url: string) => (await fetch(url)).text()
