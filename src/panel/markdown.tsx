import type { ComponentChildren, VNode } from 'preact'

/**
 * What administrators of a Space write for people: paragraphs, headings, lists, **bold**, *italic*, `code` and links to
 * web pages and mailboxes. Everything else is text, HTML included, and escaped as all text is.
 */
export const markdown = (source: string): VNode => <>{blocksOf(source).map(block)}</>

/** The same on one line, where no block fits. */
export const inlineMarkdown = (source: string): VNode => <>{inline(source.trim().replace(/\s+/g, ' '))}</>

/** Longer than any real text; what follows is dropped. */
const LONGEST = 20_000

const blocksOf = (source: string): readonly string[] =>
  source
    .slice(0, LONGEST)
    .replaceAll('\r\n', '\n')
    .split(/\n[ \t]*(?:\n[ \t]*)*\n/)
    .map((text) => text.trim())
    .filter((text) => text !== '')

const HEADING = /^(#{1,6})[ \t]+(.+)$/
const BULLET = /^[-*+][ \t]+/
const NUMBER = /^\d{1,3}[.)][ \t]+/

const block = (text: string): VNode => {
  const lines = text.split('\n').map((line) => line.trim())
  const heading = lines.length === 1 ? HEADING.exec(text) : null
  // The page has an h1 already.
  if (heading !== null) {
    const content = inline(heading[2] ?? '')
    return (heading[1] ?? '').length <= 2 ? <h2>{content}</h2> : <h3>{content}</h3>
  }
  const items = (mark: RegExp) => lines.map((line) => <li>{inline(line.replace(mark, ''))}</li>)
  if (lines.every((line) => BULLET.test(line))) return <ul>{items(BULLET)}</ul>
  if (lines.every((line) => NUMBER.test(line))) return <ol>{items(NUMBER)}</ol>
  return <p>{lines.flatMap((line, index) => (index === 0 ? inline(line) : [<br />, ...inline(line)]))}</p>
}

/** The first of these that begins somewhere wins; what is inside emphasis is looked at again. */
const SPAN =
  /`([^`]+)`|\[([^[\]]{1,500})\]\(([^()\s]{1,2000})\)|\*\*(?!\s)((?:[^*]|\*(?!\*)){1,2000})\*\*|\*(?![\s*])([^*]{1,2000})\*|\\([\\`*[\]#+-])/

const inline = (text: string): ComponentChildren[] => {
  const parts: ComponentChildren[] = []
  let rest = text
  for (let found = SPAN.exec(rest); found !== null; found = SPAN.exec(rest)) {
    parts.push(rest.slice(0, found.index), span(found))
    rest = rest.slice(found.index + found[0].length)
  }
  return [...parts, rest]
}

const span = ([whole, code, label, target, bold, italic, escaped]: RegExpExecArray): ComponentChildren => {
  if (code !== undefined) return <code>{code}</code>
  if (bold !== undefined) return <strong>{inline(bold)}</strong>
  if (italic !== undefined) return <em>{inline(italic)}</em>
  if (escaped !== undefined) return escaped
  const href = target === undefined ? null : safeTarget(target)
  return href === null ? (
    whole
  ) : (
    <a href={href} rel="noopener noreferrer">
      {inline(label ?? '')}
    </a>
  )
}

/** Absolute, and neither a script nor anything else that a browser would run or fetch by itself. */
const safeTarget = (target: string): string | null => {
  const url = URL.parse(target)
  return url !== null && ['https:', 'http:', 'mailto:'].includes(url.protocol) ? url.href : null
}
