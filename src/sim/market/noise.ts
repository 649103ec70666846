/** Mixes two integers into 32 well-spread bits (the finaliser of MurmurHash3). */
export function mix(salt: number, index: number): number {
  let hash = Math.imul(index | 0, 0x9e3779b1) ^ salt
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** A number that stands for a name (FNV-1a), to salt the noise of one thing and no other. */
export function saltOf(seed: number, name: string): number {
  let hash = 0x811c9dc5 ^ mix(seed, 1)
  for (let index = 0; index < name.length; index++) hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193)
  return mix(hash, name.length) | 0
}

/** Uniform in [0, 1). */
export function uniform(salt: number, index: number): number {
  return mix(salt, index) / 4_294_967_296
}

/** Smooth noise around 0 with a knot at every whole number; variance about 1 at the knots, never beyond ±2.45. */
export function valueNoise(salt: number, position: number): number {
  const index = Math.floor(position)
  const fraction = position - index
  const left = knot(salt, index)
  return left + (knot(salt, index + 1) - left) * fraction * fraction * (3 - 2 * fraction)
}

/** Sum of two uniforms, scaled to variance 1. */
function knot(salt: number, index: number): number {
  const bits = mix(salt, index)
  return ((bits >>> 16) + (bits & 0xffff) - 65_535) * 3.7377e-5
}

/** One layer of a noise: its period and how far it moves (standard deviation). */
export type Octave = { readonly periodMs: number; readonly amplitude: number }

/** The layers from `first` on, each with knots of its own, at one moment. */
export function layeredNoise(salt: number, octaves: readonly Octave[], atMs: number, first = 0): number {
  let sum = 0
  for (let index = first; index < octaves.length; index++) {
    const octave = octaves[index]!
    sum += octave.amplitude * valueNoise(salt + index * 0x51ed27, atMs / octave.periodMs)
  }
  return sum
}
