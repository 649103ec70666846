import { readdirSync } from 'node:fs'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import { build } from 'vite'

// Builds `web/` into `web/dist`: beside it first, so that a running service has whole pages at any moment.

const web = fileURLToPath(new URL('../web/', import.meta.url))
const dist = join(web, 'dist')
const made = join(web, `dist.${process.pid}`)
const replaced = join(web, `dist.${process.pid}.old`)
const PACKED = /\.(js|css|html|svg|ttf)$/
/** Smaller files gain nothing. */
const PACKED_BYTES_MIN = 1_024

const startedAt = performance.now()
try {
  await build({
    configFile: join(web, 'vite.config.ts'),
    logLevel: 'warn',
    build: { outDir: made, emptyOutDir: true }
  })
  const files = filesUnder(made)
  const sizes = await Promise.all(files.filter((file) => PACKED.test(file)).map(pack))
  await rename(dist, replaced).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
  await rename(made, dist)
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(2)
  const plain = sizes.reduce((sum, size) => sum + size.plain, 0)
  const packed = sizes.reduce((sum, size) => sum + size.packed, 0)
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1)
  process.stderr.write(
    `contango: pages built in ${seconds} s: ${megabytes(plain)} MB, ${megabytes(packed)} MB packed\n`
  )
} finally {
  for (const folder of [made, replaced]) await rm(folder, { recursive: true, force: true })
}

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

/** Writes a file's brotli and gzip beside it. */
async function pack(file: string): Promise<{ plain: number; packed: number }> {
  const bytes = await readFile(file)
  if (bytes.length < PACKED_BYTES_MIN) return { plain: bytes.length, packed: bytes.length }
  const params = { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length }
  const [br, gz] = await Promise.all([
    promisify(brotliCompress)(bytes, { params }),
    promisify(gzip)(bytes, { level: 9 })
  ])
  await Promise.all([writeFile(`${file}.br`, br), writeFile(`${file}.gz`, gz)])
  return { plain: bytes.length, packed: br.length }
}
