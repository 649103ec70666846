import type { ApiContext } from './context.ts'

const EXAMPLES = [
  ['/v1/basis?sort=-openInterestUsd&limit=20', 'The board, largest open interest first'],
  ['/v1/basis?asset=BTC', 'Every BTC contract against its spot leg'],
  ['/v1/basis/history?instrument=binance:BTC/USDT:USDT&resolution=1h', 'A day of basis'],
  ['/v1/funding?sort=-fundingApr&limit=20', 'Current funding, highest per year first'],
  ['/v1/funding/history?instrument=binance:BTC/USDT:USDT', 'What was settled'],
  ['/v1/funding/realised?instrument=binance:BTC/USDT:USDT', 'What holding it paid'],
  ['/v1/instruments?asset=BTC', 'What trades, and its spot leg'],
  ['/v1/venues', 'How each venue is doing'],
  ['/v1/gaps', 'What is missing, and why'],
  ['/v1/jobs', 'What the service is doing']
] as const

/** The first page: where everything is. */
export function homePage({ kind, demoKey }: Pick<ApiContext, 'kind' | 'demoKey'>, origin: string): string {
  const items = EXAMPLES.map(
    ([path, about]) => `<li><a href="${escapeHtml(path)}"><code>${escapeHtml(path)}</code></a> ${about}</li>`
  )
  const note = kind === 'simulated' ? '<p>Simulated exchanges: none of these numbers is a market’s.</p>' : ''
  const key = demoKey === undefined ? '' : `<p>Key of this demo: <code>${escapeHtml(demoKey)}</code></p>`
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Contango</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 3rem auto; padding: 0 1rem; color-scheme: light dark }
li { margin: .3rem 0 } pre { overflow: auto; padding: .8rem; border: 1px solid; border-radius: .3rem }
</style></head>
<body>
<h1>Contango</h1>
<p>Crypto basis and funding: collected, kept, served at <code>${escapeHtml(origin)}</code>.</p>
${note}${key}
<p><a href="/docs">API documentation</a> · <a href="/openapi.json">openapi.json</a> · <a href="/openapi.yaml">openapi.yaml</a> ·
<a href="/readyz">readyz</a></p>
<ul>
${items.join('\n')}
</ul>
<pre>curl '${escapeHtml(origin)}/v1/basis?asset=BTC&amp;minGrade=display'</pre>
</body>
</html>
`
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
