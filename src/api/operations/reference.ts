import {
  assetParameters,
  assetSchema,
  instrumentParameters,
  instrumentSchema,
  instrumentView
} from '../../contract/reference.ts'
import { type Instrument, isGone } from '../../domain/instrument.ts'
import { isoOrNull } from '../../domain/time.ts'
import { type AssetStatus, listAssets } from '../../store/status.ts'
import { pageOf } from '../answers.ts'
import { namesOf } from '../catalogue.ts'
import type { ApiContext } from '../context.ts'
import { cursorKeys, type Operation, operation, type PageQuestion } from './operation.ts'

/** Assets and instruments: what is known. */
export function referenceOperations({ db, catalogue, clock }: ApiContext): Operation[] {
  const instruments = operation({
    name: 'instruments',
    url: '/v1/instruments',
    tag: 'reference',
    summary: 'Everything that trades or traded, with the spot leg chosen for it',
    parameters: instrumentParameters,
    type: 'Instrument',
    row: instrumentSchema,
    read: async (question) => {
      const { values } = question
      const known = await catalogue.read()
      const { venues, assets } = namesOf(known, values)
      const found = known.instruments.filter(
        ({ venue, asset, kind, status }) =>
          (venues?.has(venue) ?? true) &&
          (assets?.has(asset) ?? true) &&
          (values.kind?.includes(kind) ?? true) &&
          (values.status?.includes(status) ?? true)
      )
      const { page, ...paging } = pageByName(found, ({ key }) => key, question)
      const keyOf = (id: number) => known.byId.get(id)?.key
      return { data: page.map((row) => instrumentView(row, keyOf)), ...paging, asOfMs: clock.now() }
    }
  })
  const assets = operation({
    name: 'assets',
    url: '/v1/assets',
    tag: 'reference',
    summary: 'Every asset that has a contract, and whether it is followed',
    parameters: assetParameters,
    type: 'Asset',
    row: assetSchema,
    read: async (question) => {
      const known = await catalogue.read()
      const { assets } = namesOf(known, question.values)
      const views = assetViews(known.instruments, await listAssets(db))
      const found = views.filter(({ asset }) => assets?.has(asset) ?? true)
      const { page, ...paging } = pageByName(found, ({ asset }) => asset, question)
      return { data: page, ...paging, asOfMs: clock.now() }
    }
  })
  return [instruments, assets]
}

type NamedQuestion = PageQuestion & { readonly values: { readonly limit: number } }

type NameOf<T> = (row: T) => string

/** One page of what is in memory anyway, ordered by a name that each has alone. */
export function pageByName<T>(all: readonly T[], nameOf: NameOf<T>, question: NamedQuestion) {
  const after = cursorKeys(question, ['text'])?.[0]
  const { limit } = question.values
  // One more than is shown: whether there is another page shows in it.
  const first = firstByName(all, nameOf, { after: after === undefined ? undefined : String(after), most: limit + 1 })
  const { page, ...paging } = pageOf(first, limit, question.fingerprint, ({ name }) => [name])
  return { page: page.map(({ row }) => row), ...paging }
}

type ByName<T> = { readonly row: T; readonly name: string }

/** The first so many names after one, in order, without sorting all the others. */
function firstByName<T>(
  all: readonly T[],
  nameOf: NameOf<T>,
  { after, most }: { readonly after: string | undefined; readonly most: number }
): ByName<T>[] {
  const inOrder = (some: ByName<T>[]) => some.sort((a, b) => (a.name < b.name ? -1 : 1)).slice(0, most)
  let found: ByName<T>[] = []
  let last: string | undefined
  for (const row of all) {
    const name = nameOf(row)
    if ((after !== undefined && name <= after) || (last !== undefined && name > last)) continue
    found.push({ row, name })
    if (found.length < 2 * most) continue
    found = inOrder(found)
    last = found.at(-1)!.name
  }
  return inOrder(found)
}

function assetViews(instruments: readonly Instrument[], statuses: readonly AssetStatus[]) {
  const contracts = new Map<string, Instrument[]>()
  for (const instrument of instruments) {
    if (instrument.kind === 'spot' || isGone(instrument.status) || instrument.quarantine !== null) continue
    const known = contracts.get(instrument.asset)
    if (known === undefined) contracts.set(instrument.asset, [instrument])
    else known.push(instrument)
  }
  const byId = new Map(statuses.map((status) => [status.id, status]))
  return [...new Set([...byId.keys(), ...contracts.keys()])].map((asset) => {
    const status = byId.get(asset)
    const own = contracts.get(asset) ?? []
    return {
      asset,
      tracked: status?.tracked ?? own.some(({ tracked }) => tracked),
      rank: status?.rank ?? null,
      openInterestUsd: status?.openInterestUsd ?? null,
      volume24hUsd: status?.volume24hUsd ?? null,
      rankedAt: isoOrNull(status?.rankedAt),
      venues: [...new Set(own.map(({ venue }) => venue))].sort(),
      perpetuals: own.filter(({ kind }) => kind === 'perpetual').length,
      futures: own.filter(({ kind }) => kind === 'future').length
    }
  })
}
