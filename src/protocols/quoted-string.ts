/**
 * A quoted-string as SIP (RFC 3261 §25.1) and HTTP (RFC 9110 §5.6.4) both write it, quotes included.
 * Control characters, which neither lets through and which could end a header line, are dropped.
 */
export function quotedString(text: string): string {
  let written = '"'
  let from = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 0x22 || code === 0x5c) {
      written += `${text.slice(from, i)}\\`
      from = i
    } else if (isControl(code)) {
      written += text.slice(from, i)
      from = i + 1
    }
  }
  return `${written}${text.slice(from)}"`
}

/** C0, DEL and C1: never part of a header, an address or a name. */
export const isControl = (code: number): boolean => code < 0x20 || (code >= 0x7f && code <= 0x9f)
