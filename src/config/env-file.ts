/** Files of `KEY=value` lines, as systemd, container tools and the reference write them. */

export interface EnvFile {
  readonly values: ReadonlyMap<string, string>
  readonly problems: readonly string[]
  readonly warnings: readonly string[]
}

const reference = /()\$\{(\w+)\}/g
const escapeOrReference = /\\([\s\S])|\$\{(\w+)\}/g
const assignment = /^(?:export\s+)?([A-Za-z_]\w*)\s*=/

/**
 * Reads the text of a file; `path` names it in problems. Values may be quoted, and then hold line ends; `${NAME}`
 * outside single quotes stands for a value further up. A problem never repeats the line: it may be a secret.
 */
export function parseEnvFile(text: string, path: string): EnvFile {
  const values = new Map<string, string>()
  const problems: string[] = []
  const warnings: string[] = []
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/)

  for (let index = 0; index < lines.length; index += 1) {
    const at = `${path} line ${index + 1}`
    const line = lines[index]!.trimStart()
    if (line === '' || line.startsWith('#')) continue
    const [start, name] = assignment.exec(line) ?? []
    if (start === undefined || name === undefined) {
      problems.push(`${at} is not KEY=value.`)
      continue
    }
    const written = line.slice(start.length)
    let rest = written.trimStart()
    const quote = rest[0]
    if (quote === '"' || quote === "'") {
      let end = endOfQuoted(rest, quote)
      while (end === null && index + 1 < lines.length) {
        index += 1
        rest += `\n${lines[index]}`
        end = endOfQuoted(rest, quote)
      }
      if (end === null || !/^\s*(?:#.*)?$/.test(rest.slice(end + 1))) {
        problems.push(end === null ? `${at} opens a quote that nothing closes.` : `${at} has text after its quotes.`)
        continue
      }
      rest = rest.slice(1, end)
      if (quote === '"') rest = expanded(rest, escapeOrReference, values)
    } else {
      rest = expanded(written.replace(/\s#.*$/, '').trim(), reference, values)
    }
    if (values.has(name)) warnings.push(`${path} sets ${name} more than once; the last one counts.`)
    values.set(name, rest)
  }
  return { values, problems, warnings }
}

/**
 * The text with these values: in the place of their lines, new names at the end; `null` takes a line away. Every other
 * line stays as it is.
 */
export function withValues(text: string, changes: ReadonlyMap<string, string | null>): string {
  const left = new Map(changes)
  const lines: string[] = []
  const body = text.replace(/\n$/, '')
  // From the end: of several lines with one name the last one counts.
  for (const line of body === '' ? [] : body.split('\n').toReversed()) {
    const name = assignment.exec(line.trimStart())?.[1] ?? ''
    if (!changes.has(name)) {
      lines.push(line)
      continue
    }
    const value = left.get(name) ?? null
    left.delete(name)
    if (value !== null) lines.push(`${name}=${quoted(value)}`)
  }
  const added = [...left].flatMap(([name, value]) => (value === null ? [] : [`${name}=${quoted(value)}`]))
  return `${[...lines.toReversed(), ...added].join('\n')}\n`
}

const quoted = (value: string): string =>
  /^[\w./:@%+,~-]*$/.test(value) ? value : `"${value.replace(/[\\"$]/g, '\\$&').replaceAll('\n', '\\n')}"`

function endOfQuoted(text: string, quote: '"' | "'"): number | null {
  const closing = quote === '"' ? /(?<!\\)(?:\\\\)*"/g : /'/g
  closing.lastIndex = 1
  const found = closing.exec(text)
  return found === null ? null : found.index + found[0].length - 1
}

/** `special` matches a backslash and a character, or `${NAME}`. What it does not know stays as written. */
const expanded = (text: string, special: RegExp, values: ReadonlyMap<string, string>): string =>
  text.replace(special, (written: string, escaped: string | undefined, name: string | undefined) => {
    if (name !== undefined) return values.get(name) ?? written
    return escapes.get(escaped ?? '') ?? written
  })

const escapes: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['"', '"'],
  ['$', '$'],
  ['\\', '\\'],
])
