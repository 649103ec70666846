/** Asks the REST API and answers its `data`. */
export type Ask = <T>(path: string, query: Readonly<Record<string, string>>) => Promise<T>

export function openAsk(address: string): Ask {
  return async <T>(path: string, query: Readonly<Record<string, string>>) => {
    const response = await fetch(`${address}${path}?${new URLSearchParams(query)}`)
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
    return ((await response.json()) as { readonly data: T }).data
  }
}
