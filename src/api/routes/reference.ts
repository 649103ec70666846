import type { FastifyInstance } from 'fastify'
import { cursorOf } from '../../contract/cursor.ts'
import { listOf } from '../../contract/envelope.ts'
import {
  assetParameters,
  assetSchema,
  instrumentParameters,
  instrumentSchema,
  instrumentView
} from '../../contract/reference.ts'
import type { Instrument } from '../../domain/instrument.ts'
import { isoOrNull } from '../../domain/time.ts'
import { type AssetStatus, listAssets } from '../../store/status.ts'
import { namesOf } from '../catalogue.ts'
import type { ApiContext } from '../context.ts'
import { type AskedPage, addGet, cursorKeys } from '../get-route.ts'

/** `/v1/assets` and `/v1/instruments`: what is known. */
export function addReferenceRoutes(app: FastifyInstance, { db, catalogue, clock }: ApiContext): void {
  addGet(app, {
    url: '/v1/instruments',
    tag: 'reference',
    summary: 'Everything that trades or traded, with the spot leg chosen for it',
    parameters: instrumentParameters,
    answers: listOf(instrumentSchema),
    handle: async (asked) => {
      const { values } = asked
      const known = await catalogue.read()
      const { venues, assets } = namesOf(known, values)
      const found = known.instruments.filter(
        ({ venue, asset, kind, status }) =>
          (venues?.has(venue) ?? true) &&
          (assets?.has(asset) ?? true) &&
          (values.kind?.includes(kind) ?? true) &&
          (values.status?.includes(status) ?? true)
      )
      const { rows, next } = pageByName(found, ({ key }) => key, asked, values.limit)
      const keyOf = (id: number) => known.byId.get(id)?.key
      return { data: rows.map((row) => instrumentView(row, keyOf)), next, asOfMs: clock.now() }
    }
  })
  addGet(app, {
    url: '/v1/assets',
    tag: 'reference',
    summary: 'Every asset that has a contract, and whether it is followed',
    parameters: assetParameters,
    answers: listOf(assetSchema),
    handle: async (asked) => {
      const known = await catalogue.read()
      const { assets } = namesOf(known, asked.values)
      const views = assetViews(known.instruments, await listAssets(db))
      const found = views.filter(({ asset }) => assets?.has(asset) ?? true)
      const { rows, next } = pageByName(found, ({ asset }) => asset, asked, asked.values.limit)
      return { data: rows, next, asOfMs: clock.now() }
    }
  })
}

/** One page of what is in memory anyway, ordered by a name that each has alone. */
function pageByName<T>(all: readonly T[], nameOf: (row: T) => string, asked: AskedPage, limit: number) {
  const after = cursorKeys(asked, ['text'])?.[0]
  const named = all.map((row) => ({ row, name: nameOf(row) })).sort((a, b) => (a.name < b.name ? -1 : 1))
  const left = after === undefined ? named : named.filter(({ name }) => name > String(after))
  const page = left.slice(0, limit)
  const last = page.at(-1)
  const next = left.length > limit && last !== undefined ? cursorOf(asked.fingerprint, [last.name]) : null
  return { rows: page.map(({ row }) => row), next }
}

function assetViews(instruments: readonly Instrument[], statuses: readonly AssetStatus[]) {
  const contracts = new Map<string, Instrument[]>()
  for (const instrument of instruments) {
    if (instrument.kind === 'spot' || instrument.status === 'delisted' || instrument.status === 'expired') continue
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
