import { DAY } from '../../domain/time.ts'
import { ASSETS, type Asset } from './assets.ts'
import { mix, saltOf, uniform } from './noise.ts'

/** Every asset has at most one spell of its own in each slot. */
const OWN_SLOT_MS = 12 * DAY
const OWN_EUPHORIA_CHANCE = 0.22
const OWN_PANIC_CHANCE = 0.16
/** Rotations that always have somebody euphoric and somebody in panic, offset so that one is at its height at any time. */
const ROTATIONS = 4
const ROTATION_MS = 8 * DAY
const RAMP_MS = 0.8 * DAY
/** Premium at the height of a spell, bps; drawn log-uniformly. */
const MILDEST_BPS = 11
const WILDEST_BPS = 48
/** A rotation's spell is never so mild that funding stays within its dead band, whatever the contract's own habit. */
const MILDEST_ROTATION_BPS = 22
/**
 * Rotations take the assets that a service follows by itself one after the other (the smallest are not among those), so that none
 * comes again within the 90 days among which its funding is ranked: else its second spell would be nothing out of the ordinary.
 */
const ROTATING = ASSETS.filter(({ tier }) => tier < 3)
/** Prime to their number: every one comes once before any comes again, and neighbours in the list do not come together. */
const ROTATION_STRIDE = 15
/** Who is in panic is two months away from its euphoria. */
const HALF_WAY = ROTATING.length >> 1
const STRENGTH_BY_TIER = [0.6, 0.85, 1, 1.1] as const

/** The premium (fraction) that the crowd adds to an asset's perpetuals: 0 in calm, positive in euphoria, negative in panic. */
export type RegimeModel = { level(asset: Asset, atMs: number): number }

export function createRegimeModel(seed: number): RegimeModel {
  const ownSalts = ASSETS.map(({ name }) => saltOf(seed, `regime ${name}`))
  const salt = saltOf(seed, 'rotations')
  const first = mix(salt, 0) % ROTATING.length
  return {
    level: (asset, atMs) => {
      if (asset.index >= ASSETS.length) return 0
      let bps = ownSpell(ownSalts[asset.index]!, atMs)
      for (let index = 0; index < ROTATIONS; index++) bps += rotationSpell(salt, first, index, asset, atMs)
      return bps * STRENGTH_BY_TIER[asset.tier] * 1e-4
    }
  }
}

function ownSpell(salt: number, atMs: number): number {
  const shifted = atMs + ((salt >>> 0) % OWN_SLOT_MS)
  const slot = Math.floor(shifted / OWN_SLOT_MS)
  const draw = uniform(salt, slot)
  if (draw > OWN_EUPHORIA_CHANCE + OWN_PANIC_CHANCE) return 0
  const length = (2 + 4 * uniform(salt + 1, slot)) * DAY
  const start = uniform(salt + 2, slot) * (OWN_SLOT_MS - length)
  const height = heightBps(salt + 3, slot) * (draw < OWN_EUPHORIA_CHANCE ? 1 : -1)
  return height * envelope(shifted - slot * OWN_SLOT_MS - start, length)
}

function rotationSpell(salt: number, first: number, rotation: number, asset: Asset, atMs: number): number {
  const shifted = atMs + (rotation * ROTATION_MS) / ROTATIONS
  const turn = Math.floor(shifted / ROTATION_MS)
  const number = turn * ROTATIONS - rotation
  const place = (((first + number * ROTATION_STRIDE) % ROTATING.length) + ROTATING.length) % ROTATING.length
  const euphoric = ROTATING[place]
  const panicked = ROTATING[(place + HALF_WAY) % ROTATING.length]
  if (asset !== euphoric && asset !== panicked) return 0
  const height = heightBps(salt + 2, number * 2 + (asset === euphoric ? 0 : 1), MILDEST_ROTATION_BPS)
  return (asset === euphoric ? height : -height) * envelope(shifted - turn * ROTATION_MS, ROTATION_MS)
}

function heightBps(salt: number, index: number, mildest = MILDEST_BPS): number {
  return mildest * (WILDEST_BPS / mildest) ** uniform(salt, index)
}

/** 0 outside the spell, 1 inside, smooth ramps at both ends. */
function envelope(sinceStartMs: number, lengthMs: number): number {
  const edge = Math.min(sinceStartMs, lengthMs - sinceStartMs) / RAMP_MS
  if (edge <= 0) return 0
  return edge >= 1 ? 1 : edge * edge * (3 - 2 * edge)
}
