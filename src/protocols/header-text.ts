/**
 * The text of a header value. HTTP servers hand over one character a byte (RFC 9110 §5.5, Bun too), while clients
 * may write UTF-8 into user names: bytes that spell UTF-8 are read as such, anything else stays as it is.
 */
export function headerText(value: string): string {
  let isAscii = true
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i)
    if (code > 0xff) return value
    if (code > 0x7f) isAscii = false
  }
  if (isAscii) return value
  try {
    return UTF8.decode(Buffer.from(value, 'latin1'))
  } catch {
    return value
  }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
