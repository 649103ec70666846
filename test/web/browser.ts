import assert from 'node:assert/strict'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sparticuz from '@sparticuz/chromium'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { lockExclusive } from '../../src/store/embedded/file-lock.ts'

/** Of the flags that come with the browser, those that would hide what these tests look for, or tie all pages to one process. */
const UNWANTED = new Set([
  '--disable-web-security',
  '--allow-running-insecure-content',
  '--single-process',
  '--no-zygote',
  '--disable-features=AudioServiceOutOfProcess,IsolateOrigins,site-per-process'
])
/** Why there can be no browser here; false where there can. */
export const NO_BROWSER =
  process.platform === 'linux' && process.arch === 'x64' ? false : 'the browser that npm brings runs on Linux on x64'
const UNPACKED_MS_MAX = 120_000
/** The playground's editor is megabytes, and the machine may be busy. */
const WAITED_MS_MAX = 120_000

export type TestBrowser = AsyncDisposable & {
  /** Opens a page of the service at `origin`; every request, error and refusal is watched. */
  open(origin: string, path: string, options?: BrowserContextOptions): Promise<WatchedPage>
}

export type WatchedPage = AsyncDisposable & {
  readonly page: Page
  /** Every address that was asked for. */
  readonly requests: readonly string[]
  /** Fails if another host was asked, a script failed, or the content policy refused something. */
  assertSound(allowed?: RegExp): void
}

export async function openBrowser(): Promise<TestBrowser> {
  const browser = await launch()
  return {
    open: async (origin, path, options) => {
      const context = await browser.newContext({ viewport: { width: 1400, height: 900 }, ...options })
      // What a browser without a language of its own makes of a machine's LANG=C.
      await context.addInitScript(() =>
        Object.defineProperty(Navigator.prototype, 'language', { get: () => 'en-US@posix', configurable: true })
      )
      context.setDefaultTimeout(WAITED_MS_MAX)
      const page = await context.newPage()
      const requests: string[] = []
      const problems: string[] = []
      context.on('request', (request) => requests.push(request.url()))
      page.on('pageerror', (error) => problems.push(`error: ${error.message}`))
      page.on('console', (message) => {
        const { url } = message.location()
        if (message.type() === 'error') problems.push(`console: ${message.text().slice(0, 300)} (${url})`)
      })
      await page.goto(`${origin}${path}`)
      return {
        page,
        requests,
        assertSound: (allowed = /^$/) => {
          const foreign = requests.filter((url) => !url.startsWith(`${origin}/`))
          assert.deepEqual(foreign, [], 'no other host is asked')
          assert.ok(requests.length > 3)
          assert.deepEqual(
            problems.filter((problem) => !allowed.test(problem)),
            []
          )
        },
        [Symbol.asyncDispose]: () => context.close()
      }
    },
    [Symbol.asyncDispose]: () => browser.close()
  }
}

async function launch(): Promise<Browser> {
  // It unpacks itself once; two test files at once would trip over each other.
  const lock = await lockExclusive(join(tmpdir(), 'contango-test-browser.lock'), UNPACKED_MS_MAX)
  const executablePath = await sparticuz.executablePath().finally(() => lock.release())
  const args = sparticuz.args.filter((flag) => !UNWANTED.has(flag))
  return chromium.launch({ executablePath, args: [...args, '--disable-background-networking', '--no-first-run'] })
}
