/** The text that is signed and sent: its spaces and order are part of it, so it is made once and stored. `data` is JSON. */
export function bodyOf(
  { type, at, data }: { readonly type: string; readonly at: number; readonly data: string },
  sequence: number
): string {
  const timestamp = new Date(at).toISOString()
  return `{"type":${JSON.stringify(type)},"timestamp":"${timestamp}","sequence":${sequence},"data":${data}}`
}
