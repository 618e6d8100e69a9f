import { describe, expect, test } from 'bun:test'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

// What comments and documents cite lies in this repository: the file is there, it has that section, the decision is in
// the register.

const root = join(import.meta.dir, '..')
const textOf = (file: string) => readFileSync(join(root, file), 'utf8')

const below = (folder: string, pattern: RegExp): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => pattern.test(file))
    .map((file) => join(folder, file))
    .sort()

const sources = ['src', 'test', 'bench', 'drizzle'].flatMap((folder) => below(folder, /\.(ts|tsx|sql)$/))
const documents = [...below('docs', /\.md$/), ...below('src', /\.md$/), 'README.md', 'CONTRIBUTING.md', 'CHANGELOG.md']

/** `## 3. Title` and `### 3.2 Title`, by their numbers, in the order in which they stand. */
const sectionsOf = (text: string): string[] =>
  [...text.matchAll(/^#{2,3} (\d+(?=\. )|\d+\.\d+(?= ))/gm)].map(([, number = '']) => number)

const sections = new Map(documents.map((file) => [file, new Set(sectionsOf(textOf(file)))]))
const decisions = new Set([...textOf('docs/compatibility.md').matchAll(/^### (D\d+) /gm)].map(([, number]) => number))
const records = new Set(below('docs/adr', /\.md$/).map((file) => Number(/(\d{4})-[^/]*$/.exec(file)?.[1])))

interface Citation {
  readonly file: string
  readonly line: number
  /** As it is written. */
  readonly text: string
}

const cited = (file: string, text: string, pattern: RegExp) =>
  [...text.matchAll(pattern)].map((match) => ({
    citation: { file, line: text.slice(0, match.index).split('\n').length, text: match[0] } satisfies Citation,
    match,
  }))

const shown = ({ file, line, text }: Citation) => `${file}:${line}: ${text.replace(/\s+/g, ' ')}`

/** A comment's text without what only makes it one, in as many characters: a citation may go over the end of a line. */
const unstarred = (text: string) =>
  text.replace(/\n[ \t]*(?:\*(?!\/)|\/\/)/g, (start) => `\n${' '.repeat(start.length - 1)}`)

const DOCUMENT = /(?<![\w./-])((?:[\w.-]+\/)*[\w-]+\.md)\b(?:\s+§(\d+(?:\.\d+)?))?/g

/** Where a document stands that a comment names; null: a comment may not name it like that. */
const place = (written: string): string | null => {
  const path = written.replace(/^(?:\.\.?\/)+/, '')
  const below = /^(behaviour\/|adr\/|compatibility\.md$)/.test(path) ? `docs/${path}` : path
  return /^(docs\/|[A-Z]+\.md$|src\/)/.test(below) ? below : null
}

const wrongDocuments = (files: readonly string[]): string[] =>
  files.flatMap((file) =>
    cited(file, unstarred(textOf(file)), DOCUMENT)
      .filter(({ match: [, written = '', section] }) => {
        const found = place(written)
        if (found === null || !existsSync(join(root, found))) return true
        return section !== undefined && sections.get(found)?.has(section) !== true
      })
      .map(({ citation }) => shown(citation)),
  )

describe('a comment', () => {
  test('cites documents that are here, with sections that they have', () => {
    expect(wrongDocuments(sources)).toEqual([])
  })

  test('cites a section with its document or its standard', () => {
    const lone = sources.flatMap((file) => {
      const text = unstarred(textOf(file))
      return cited(file, text, /§\s*[\d.]+/g)
        .filter(({ match }) => {
          const before = text.slice(Math.max(0, match.index - 200), match.index)
          const standard = Math.max(
            ...['RFC', 'TS', 'WCAG', 'XML', 'PNG', 'ISO'].map((name) => before.lastIndexOf(name)),
          )
          return !/\.md\s+$/.test(before) && standard <= before.lastIndexOf('.md')
        })
        .map(({ citation }) => shown(citation))
    })
    expect(lone).toEqual([])
  })
})

test('a decision that is cited anywhere is in the register, which has each number once, upwards', () => {
  const numbers = [...decisions].map((number) => Number(number?.slice(1)))
  expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
  expect(numbers.length).toBe(textOf('docs/compatibility.md').split('\n### D').length - 1)
  const unknown = [...sources, ...documents].flatMap((file) =>
    cited(file, textOf(file), /(?<![\w-])D[1-9]\d?\b(?![-'"./:])/g)
      .filter(({ citation }) => !decisions.has(citation.text))
      .map(({ citation }) => shown(citation)),
  )
  expect(unknown).toEqual([])
})

test('a decision record that is cited anywhere is there', () => {
  const unknown = [...sources, ...documents].flatMap((file) =>
    cited(file, textOf(file), /\bADR (\d+)\b|\badr\/(\d{4})\b/g)
      .filter(({ match: [, plain, path] }) => !records.has(Number(plain ?? path)))
      .map(({ citation }) => shown(citation)),
  )
  expect(unknown).toEqual([])
})

describe('a document', () => {
  const behaviour = documents.filter((file) => file.startsWith('docs/behaviour/') || file === 'docs/compatibility.md')

  /** As GitHub names the anchor of a heading. */
  const anchor = (heading: string) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/\s/g, '-')
  const anchors = (file: string) =>
    new Set([...textOf(file).matchAll(/^#+ (.*)$/gm)].map(([, text = '']) => anchor(text)))

  test('links to files and headings that are there', () => {
    const broken = documents.flatMap((file) =>
      cited(file, textOf(file), /\]\((?!https?:|mailto:)([^)\s#]*)(?:#([^)\s]+))?\)/g)
        .filter(({ match: [, path = '', heading] }) => {
          const target = path === '' ? file : join(dirname(file), path)
          if (!existsSync(join(root, target))) return true
          return heading !== undefined && !anchors(target).has(heading)
        })
        .map(({ citation }) => shown(citation)),
    )
    expect(broken).toEqual([])
  })

  test('names sections, its own or those of a document before them, that are there', () => {
    const unknown = documents.flatMap((file) =>
      cited(
        file,
        textOf(file),
        /(?:RFC \d+,?\s+|\]\(([^)\s#]+\.md)\)\s+|((?:[\w-]+\/)*[\w-]+\.md)\s+)?§(\d+(?:\.\d+)?)/g,
      )
        .filter(({ match: [text, link, plain, section = ''] }) => {
          if (text.startsWith('RFC')) return false
          const target = link !== undefined ? join(dirname(file), link) : plain !== undefined ? place(plain) : file
          return target === null || sections.get(target)?.has(section) !== true
        })
        .map(({ citation }) => shown(citation)),
    )
    expect(unknown).toEqual([])
  })

  test('about behaviour numbers its sections upwards, and numbers each of them', () => {
    const bare = behaviour.flatMap((file) =>
      cited(file, textOf(file), /^#{2,3} (?!\d+\. |\d+\.\d+ |D\d+ ).*$/gm).map(({ citation }) => shown(citation)),
    )
    expect(bare).toEqual([])
    for (const file of behaviour) {
      const numbers = sectionsOf(textOf(file))
      const order = (number: string) =>
        number.split('.').reduce((sum, part, depth) => sum + Number(part) / 1000 ** depth, 0)
      expect([file, numbers]).toEqual([file, numbers.toSorted((a, b) => order(a) - order(b))])
      expect([file, new Set(numbers).size]).toEqual([file, numbers.length])
    }
  })

  test('about behaviour is in the list of them', () => {
    const listed = textOf('docs/behaviour/README.md')
    const missing = below('docs/behaviour', /\.md$/)
      .map((file) => file.slice('docs/behaviour/'.length))
      .filter((name) => name !== 'README.md' && !listed.includes(`](${name})`))
    expect(missing).toEqual([])
  })
})
