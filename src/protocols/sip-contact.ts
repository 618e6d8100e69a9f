/** A Contact as a registrar keeps it (RFC 3261 §20.10): `<sip:user@host;parameters?headers>;parameters`. */

/** Names are lower-case; values are decoded, or empty where a name stands alone. */
export interface SipContact {
  readonly uriParameters: ReadonlyMap<string, string>
  readonly uriHeaders: ReadonlyMap<string, string>
  readonly parameters: ReadonlyMap<string, string>
}

const LONGEST_CONTACT = 8192

/** RFC 5626: what a device calls itself, without its brackets; null: it does not say. */
export const instanceOf = ({ parameters }: SipContact): string | null =>
  parameters.get('+sip.instance')?.replace(/^<|>$/g, '') || null

/** Since when it is registered, as Flexisip adds it, in seconds; null for anything else. */
export const updatedAtOf = ({ uriParameters }: SipContact): number | null => secondsOf(uriParameters.get('updatedat'))

/** Null for anything but whole seconds; ten digits are enough until the year 2286. */
export const secondsOf = (text = ''): number | null => (/^\d{1,10}$/.test(text) ? Number(text) : null)

/** Reads what is there and drops what it cannot read; null without a URI between `<` and `>`. */
export function parseSipContact(text: string): SipContact | null {
  if (text.length > LONGEST_CONTACT) return null
  const start = indexOutsideQuotes(text, '<', 0)
  const end = start < 0 ? -1 : closing(text, start)
  if (end < 0) return null
  const uri = text.slice(start + 1, end)
  // A user may contain `;` and `?` (RFC 3261 §25.1).
  const hostStart = uri.indexOf('@') + 1
  const question = indexOutsideQuotes(uri, '?', hostStart)
  const beforeHeaders = question < 0 ? uri.length : question
  return {
    uriParameters: pairs(uri.slice(hostStart, beforeHeaders), ';'),
    uriHeaders: pairs(`&${uri.slice(beforeHeaders + 1)}`, '&'),
    parameters: pairs(text.slice(end + 1), ';'),
  }
}

/** What stands behind each separator; the first of a name counts. */
function pairs(text: string, separator: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  let at = indexOutsideQuotes(text, separator, 0)
  while (at >= 0) {
    const next = indexOutsideQuotes(text, separator, at + 1)
    const pair = text.slice(at + 1, next < 0 ? text.length : next)
    const equals = pair.indexOf('=')
    const name = (equals < 0 ? pair : pair.slice(0, equals)).trim().toLowerCase()
    const value = equals < 0 ? '' : valueFrom(pair.slice(equals + 1).trim())
    if (name !== '' && !found.has(name)) found.set(name, value)
    at = next
  }
  return found
}

/** A quoted-string without its quotes, anything else percent-decoded. */
const valueFrom = (written: string): string =>
  written.length > 1 && written.startsWith('"') && written.endsWith('"')
    ? written.slice(1, -1).replace(/\\(.)/gs, '$1')
    : percentDecoded(written)

/** Bytes that spell no UTF-8 become U+FFFD, and broken escapes stay as they are. */
const percentDecoded = (text: string): string =>
  text.replace(/(?:%[0-9a-f]{2})+/gi, (escapes) => Buffer.from(escapes.replaceAll('%', ''), 'hex').toString())

/** The index of the `>` that ends what the `<` at `start` begins, or -1. */
function closing(text: string, start: number): number {
  let depth = 0
  let isQuoted = false
  for (let i = start; i < text.length; i += 1) {
    const character = text[i]
    if (isQuoted && character === '\\') i += 1
    else if (character === '"') isQuoted = !isQuoted
    else if (isQuoted) continue
    else if (character === '<') depth += 1
    else if (character === '>' && --depth === 0) return i
  }
  return -1
}

function indexOutsideQuotes(text: string, wanted: string, start: number): number {
  let isQuoted = false
  for (let i = start; i < text.length; i += 1) {
    const character = text[i]
    if (isQuoted && character === '\\') i += 1
    else if (character === '"') isQuoted = !isQuoted
    else if (!isQuoted && character === wanted) return i
  }
  return -1
}
