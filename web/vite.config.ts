import { createHash } from 'node:crypto'
import { relative } from 'node:path'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

/** Lists the files that the pages are made of, so that set-up knows when to make them again. */
function listSources(): Plugin {
  return {
    name: 'list-sources',
    generateBundle() {
      const files = [...this.getModuleIds()]
        .map((id) => id.replace(/\?.*$/, ''))
        .map((id) => relative(`${import.meta.dirname}/..`, id).replaceAll('\\', '/'))
        .filter((name) => /^(web|src)\//.test(name))
      this.emitFile({ type: 'asset', fileName: 'sources.json', source: JSON.stringify([...new Set(files)].sort()) })
    }
  }
}

const FONT_URL = /data:font\/(\w+);base64,([\w+/=]+)/g

/** Makes files of the fonts that the playground's styles carry in them: our policy allows no data as fonts, and only those in use are loaded. */
function unpackFonts(): Plugin {
  return {
    name: 'unpack-fonts',
    generateBundle: {
      order: 'post',
      handler(_options, bundle) {
        for (const asset of Object.values(bundle)) {
          if (asset.type !== 'asset' || !asset.fileName.endsWith('.css')) continue
          asset.source = asset.source.toString().replace(FONT_URL, (_url, ending: string, base64: string) => {
            const source = Buffer.from(base64, 'base64')
            const name = `font-${createHash('sha256').update(source).digest('base64url').slice(0, 8)}.${ending}`
            this.emitFile({ type: 'asset', fileName: `assets/${name}`, source })
            return `./${name}`
          })
        }
      }
    }
  }
}

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), listSources(), unpackFonts()],
  worker: { format: 'es' },
  build: {
    // Nothing as a data URL: the pages' policy allows files of ours only.
    assetsInlineLimit: 0,
    // The playground's editor is one big file, cached for ever once it is there.
    chunkSizeWarningLimit: 5_000,
    // The default makes scripts wait for a polyfill that every browser with what we use has no need of.
    modulePreload: { polyfill: false },
    rollupOptions: {
      // Libraries carry hints for a compiler that is not ours.
      onwarn: (warning, report) => warning.code !== 'MODULE_LEVEL_DIRECTIVE' && report(warning),
      input: ['index.html', 'graphiql.html'].map((name) => `${import.meta.dirname}/${name}`)
    }
  }
})
