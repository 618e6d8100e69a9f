/**
 * Text with placeholders and no logic: `{{name}}`, `{{#name}}…{{/name}}` where there is such a value and
 * `{{^name}}…{{/name}}` where there is none. No library, because none that is kept tells at start which name of which
 * line it will not find.
 */

export type Values = Readonly<Record<string, string | number | boolean | null>>

type Part =
  | { readonly text: string }
  | { readonly name: string }
  | { readonly section: string; readonly wanted: boolean; readonly parts: readonly Part[] }

type Fit = (value: string) => string

export interface Template {
  /** `fit` makes a value fit into its surroundings; the template's own text is left as it is. */
  render(values: Values, fit?: Fit): string
}

const TAG = /\{\{([#^/]?)[ \t]*([\w.]+)[ \t]*\}\}/g

/** A tag that opens or closes a section takes its line with it when it stands there alone. */
const withItsLine = (source: string, tag: { from: number; to: number }): { from: number; to: number } => {
  const from = tag.from === 0 ? 0 : source.lastIndexOf('\n', tag.from - 1) + 1
  const to = source.indexOf('\n', tag.to) + 1
  const isAlone = to > 0 && (source.slice(from, tag.from) + source.slice(tag.to, to)).trim() === ''
  return isAlone ? { from, to } : tag
}

/** Null, false and the empty text are no values; 0 is one. */
const isThere = (value: Values[string] | undefined): boolean =>
  value !== undefined && value !== null && value !== false && value !== ''

const write = (parts: readonly Part[], values: Values, fit: Fit): string =>
  parts
    .map((part) => {
      if ('text' in part) return part.text
      if ('name' in part) return isThere(values[part.name]) ? fit(String(values[part.name])) : ''
      return isThere(values[part.section]) === part.wanted ? write(part.parts, values, fit) : ''
    })
    .join('')

/**
 * Reads a template that may use the names in `known`. Each problem is a sentence that starts with `file:line`; while
 * there are any the template is of no use.
 */
export const compile = (
  written: string,
  file: string,
  known: ReadonlySet<string>,
): { template: Template; problems: readonly string[] } => {
  const source = written.replaceAll('\r\n', '\n')
  const problems: string[] = []
  const complain = (at: number, problem: string) =>
    problems.push(`${file}:${source.slice(0, at).split('\n').length}: ${problem}.`)

  const root: Part[] = []
  const open: { readonly name: string; readonly at: number; readonly parts: Part[] }[] = []
  const inner = () => open.at(-1)?.parts ?? root
  const take = (from: number, to: number) => {
    const text = source.slice(from, to)
    const stray = /\{\{|\}\}/.exec(text)
    if (stray !== null) complain(from + stray.index, `"${stray[0]}" is not part of a placeholder`)
    if (text !== '') inner().push({ text })
  }

  let end = 0
  for (const match of source.matchAll(TAG)) {
    const [whole, sigil, name = ''] = match
    const tag = { from: match.index, to: match.index + whole.length }
    const { from: start, to } = sigil === '' ? tag : withItsLine(source, tag)
    take(end, start)
    end = to
    if (!known.has(name)) complain(start, `{{${name}}} is not known here`)
    if (sigil === '') inner().push({ name })
    else if (sigil !== '/') {
      const parts: Part[] = []
      inner().push({ section: name, wanted: sigil === '#', parts })
      open.push({ name, at: start, parts })
    } else if (open.at(-1)?.name === name) open.pop()
    else complain(start, `{{/${name}}} closes no section`)
  }
  take(end, source.length)
  for (const { name, at } of open) complain(at, `the section {{#${name}}} is not closed`)

  return { template: { render: (values, fit = (value) => value) => write(root, values, fit) }, problems }
}
