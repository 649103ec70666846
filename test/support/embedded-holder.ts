// A process that uses the embedded database of a folder until it is told to let go, or killed.
import { openEmbedded } from '../../src/store/embedded/embedded.ts'

const [dataDir = ''] = process.argv.slice(2)
const embedded = await openEmbedded({ dataDir, log: { info() {}, warn() {} } })
console.log(JSON.stringify({ url: embedded.url, note: embedded.note ?? null }))
for await (const _ of process.stdin) {
  await embedded.release()
  process.exit(0)
}
