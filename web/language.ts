// A browser without a language of its own tells the machine's, such as `en-US@posix`, which is none; the chart asks for it as it is
// loaded, and would take the page with it.
try {
  new Intl.NumberFormat(navigator.language)
} catch {
  Object.defineProperty(navigator, 'language', { value: 'en', configurable: true })
}
