/** vCards: ours, written as RFC 6350 says, and those of clients in any version, brought into one form. */

/** The name of a property and its value as it stands on the line. */
export type Property = readonly [name: string, value: string]

export type CardProblem = 'syntax' | 'version' | 'fn' | 'uid' | 'repeated'

const LONGEST_LINE_OCTETS = 75
const LONGEST_UID = 255

/** A card of version 4.0, every line with its CRLF (RFC 6350 §3.2). */
export const vcard = (properties: readonly Property[]): string =>
  ['BEGIN:VCARD', 'VERSION:4.0', ...properties.map(([name, value]) => `${name}:${value}`), 'END:VCARD']
    .map((line) => `${isPlain(line) ? line : fold(line.replace(/\p{Cc}/gu, ''), '\r\n')}\r\n`)
    .join('')

/**
 * The value of a property that holds one text. RFC 6350 §3.4 leaves it to us whether its semicolons are escaped:
 * Linphone 5.1 reads no card at all from a list that has an escaped one.
 */
export const textValue = (text: string): string =>
  text
    .replaceAll('\\', '\\\\')
    .replaceAll(',', '\\,')
    .replace(/\r\n|\r|\n/g, '\\n')

/**
 * The one card of a text, in the form it is stored in: names in capitals, VERSION first, lines folded anew and ended by
 * LF (behaviour/address-books.md §6). Values stay as they are, but for control characters.
 */
export const readCard = (text: string): { uid: string; text: string } | { problem: CardProblem } => {
  const properties = contentLines(text.trim().replace(CONTROLS, '')).map(readProperty)
  const inner = properties.slice(1, -1).filter((property) => property !== null)
  const isOneCard = isEdge(properties[0], 'BEGIN') && isEdge(properties.at(-1), 'END')
  if (!isOneCard || inner.length !== properties.length - 2 || inner.some(({ name }) => EDGES.has(name))) {
    return { problem: 'syntax' }
  }

  const named = Map.groupBy(inner, ({ name }) => name)
  const only = (name: string): string | null => {
    const [found, ...more] = named.get(name) ?? []
    return found === undefined || more.length > 0 ? null : found.value.trim()
  }
  if (!VERSIONS.has(only('VERSION') ?? '')) return { problem: 'version' }
  if (only('FN') === null) return { problem: 'fn' }
  const uid = only('UID') ?? ''
  if (uid === '' || [...uid].length > LONGEST_UID) return { problem: 'uid' }
  if (AT_MOST_ONCE.some((name) => (named.get(name)?.length ?? 0) > 1)) return { problem: 'repeated' }

  const rest = inner.filter(({ name }) => name !== 'VERSION')
  const lines = [...(named.get('VERSION') ?? []), ...rest].map(({ head, value }) => fold(head + value, '\n'))
  return { uid, text: ['BEGIN:VCARD', ...lines, 'END:VCARD', ''].join('\n') }
}

/** Whom a stored card is about: the formatted name, and the SIP URIs among its values. */
export const personOf = (stored: string): { readonly name: string; readonly uris: readonly string[] } => {
  const properties = contentLines(stored).flatMap((line) => readProperty(line) ?? [])
  const name = properties.find((property) => property.name === 'FN')?.value ?? ''
  const uris = properties.map(({ value }) => value.trim()).filter((value) => /^sips?:/i.test(value))
  return { name: plainText(name), uris }
}

/** The text of a value, on one line. */
const plainText = (value: string): string =>
  value
    .replace(/\\([\\,;nN])/g, (_, escaped: string) => (/n/i.test(escaped) ? ' ' : escaped))
    .replace(/\s+/g, ' ')
    .trim()

/** A stored card as it leaves in a `text/vcard` body (D36). */
export const withCrlf = (stored: string): string => stored.replace(/\r?\n/g, '\r\n')

const VERSIONS = new Set(['2.1', '3.0', '4.0'])
const EDGES = new Set(['BEGIN', 'END'])
const AT_MOST_ONCE = ['N', 'BDAY', 'ANNIVERSARY', 'GENDER', 'KIND', 'PRODID', 'REV']

/** All but the tab and what ends a line. */
const CONTROLS = /[^\P{Cc}\t\r\n]/gu

interface StoredProperty {
  /** In capitals, without its group. */
  readonly name: string
  /** Group, name and parameters, up to the colon. */
  readonly head: string
  readonly value: string
}

const isEdge = (property: StoredProperty | null | undefined, name: 'BEGIN' | 'END'): boolean =>
  property?.head === `${name}:` && property.value.trim().toUpperCase() === 'VCARD'

/** A parameter's value: a quoted part may hold what ends it. */
const PARAMETER_VALUE = '[^;:"]*(?:"[^"]*"[^;:"]*)*'
const HEAD = new RegExp(`^([A-Za-z0-9-]+\\.)?([A-Za-z0-9_-]+)((?:;${PARAMETER_VALUE})*):`)
/** Version 2.1 also has values without a name (`TEL;HOME:`). */
const PARAMETER = new RegExp(`;([^;:="]*)(${PARAMETER_VALUE})`, 'g')

const readProperty = (line: string): StoredProperty | null => {
  const found = HEAD.exec(line)
  if (found === null) return null
  const [whole, group = '', name = '', parameters = ''] = found
  const named = parameters.replace(
    PARAMETER,
    (_, key: string, rest: string) => `;${rest.startsWith('=') ? key.toUpperCase() : key}${rest}`,
  )
  const capitals = name.toUpperCase()
  return { name: capitals, head: `${group}${capitals}${named}:`, value: line.slice(whole.length) }
}

/** Version 2.1 breaks a quoted-printable value after a `=` and indents nothing. */
const QUOTED_PRINTABLE = /^[^:]*;(?:ENCODING=)?QUOTED-PRINTABLE[;:]/i

/** The lines of a text with their folds undone (RFC 6350 §3.2); empty ones are none. */
const contentLines = (text: string): string[] => {
  const lines: string[][] = []
  let isSoft = false
  for (const line of text.split(/\r\n|\r|\n/)) {
    const parts = lines.at(-1)
    const before = parts?.at(-1)
    if (parts !== undefined && (line.startsWith(' ') || line.startsWith('\t'))) parts.push(line.slice(1))
    else if (parts !== undefined && before !== undefined && isSoft && before.endsWith('=')) {
      parts[parts.length - 1] = before.slice(0, -1)
      parts.push(line)
    } else if (line !== '') {
      lines.push([line])
      isSoft = QUOTED_PRINTABLE.test(line)
    }
  }
  return lines.map((parts) => parts.join(''))
}

/** Short and without anything but printable ASCII: most lines. */
const isPlain = (line: string): boolean => line.length <= LONGEST_LINE_OCTETS && /^[ -~]*$/.test(line)

const octetsOf = (code: number): number => (code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4)

/** Never inside a character; the blank that continues a line counts (RFC 6350 §3.2). */
const fold = (line: string, lineEnd: string): string => {
  if (isPlain(line)) return line
  let folded = ''
  let from = 0
  let octets = 0
  for (let i = 0; i < line.length; ) {
    const size = octetsOf(line.codePointAt(i) ?? 0)
    if (octets + size > LONGEST_LINE_OCTETS) {
      folded += `${line.slice(from, i)}${lineEnd} `
      from = i
      octets = 1
    }
    octets += size
    i += size === 4 ? 2 : 1
  }
  return folded + line.slice(from)
}
