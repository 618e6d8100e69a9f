import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ConfigurationError } from '../config/config.ts'
import { LANGUAGES, type Language } from '../messages/messages.ts'
import type { MailKind } from '../outbox/messages.ts'
import { sentenceOf } from '../thrown.ts'
import { compile, type Template } from './template.ts'
import { MAIL_KINDS, SAMPLES } from './templates/samples.ts'
import { loadTemplates } from './templates.macro.ts' with { type: 'macro' }
import { ownValues } from './values.ts'

const PARTS = ['subject', 'txt', 'html'] as const
type Part = (typeof PARTS)[number]

const FILES: Readonly<Record<string, string>> = loadTemplates()

/** A built-in template: `Subject: …`, an empty line, and a text that the part in HTML is made of as well. */
const builtIn = (kind: MailKind, language: Language, part: Part): string => {
  const [, subject = '', body = ''] = /^Subject: (.*)\n\n([\s\S]*)$/.exec(FILES[`${kind}.${language}.txt`] ?? '') ?? []
  const foot = FILES[`foot.${language}.txt`] ?? ''
  switch (part) {
    case 'subject':
      return subject
    case 'txt':
      return `${plainText(body)}\n\n-- \n${foot}`
    case 'html':
      return (FILES['layout.html'] ?? '')
        .replace('{{body}}', () => markup(body, 'margin:0 0 16px'))
        .replace('{{foot}}', () => markup(foot, 'margin:0 0 8px;white-space:pre-line'))
  }
}

/** Lines that the two parts write differently: a link with the words of its button, a picture, and a code. */
const BUTTON = /^\[(.+)\] (\{\{[\w.]+\}\})$/
const PICTURE = /^!\[(.+)\] (\{\{[\w.]+\}\})$/
const CODE = /^ {4}(.+)$/
const SECTION = /^\{\{[#^/][\w.]+\}\}$/

const plainText = (body: string): string =>
  body
    .split('\n')
    .map((line) => (PICTURE.test(line) ? '' : line.replace(BUTTON, '$2')))
    .join('\n')

/** Made of our own text before any value stands in it: what people are called cannot become a button. */
const markup = (body: string, style: string): string =>
  body
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      if (SECTION.test(line)) return line
      const button = BUTTON.exec(line)
      if (button !== null) return buttonMarkup(escapeHtml(button[1] ?? ''), button[2] ?? '')
      const picture = PICTURE.exec(line)
      if (picture !== null) return pictureMarkup(escapeHtml(picture[1] ?? ''), picture[2] ?? '', style)
      const code = CODE.exec(line)
      if (code !== null) return codeMarkup(code[1] ?? '')
      const linked = escapeHtml(line).replace(/\{\{[\w.]*url\}\}/g, (url) => linkMarkup(url))
      return `<p style="${style}">${linked}</p>`
    })
    .join('\n')

const linkMarkup = (url: string): string => `<a href="${url}" style="color:#1f5fbf">${url}</a>`

const buttonMarkup = (label: string, url: string): string =>
  `<table role="presentation" cellpadding="0" cellspacing="0" border="0" style="margin:0 0 8px"><tr><td bgcolor="#1f5fbf" style="border-radius:6px"><a class="button" href="${url}" style="display:inline-block;padding:12px 20px;color:#ffffff;font-weight:bold;text-decoration:none">${label}</a></td></tr></table>
<p style="margin:0 0 16px;font-size:13px;line-height:20px;word-break:break-all">${linkMarkup(url)}</p>`

const pictureMarkup = (caption: string, cid: string, style: string): string =>
  `<p style="${style}">${caption}</p>
<p style="${style}"><img src="cid:${cid}" alt="${caption}" width="240" height="240" style="background:#ffffff"></p>`

const codeMarkup = (code: string): string =>
  `<p class="code" style="margin:0 0 16px;padding:12px 20px;background:#eef1f5;border-radius:6px;font-family:Consolas,Menlo,monospace;font-size:28px;line-height:36px;letter-spacing:6px;text-align:center">${code}</p>`

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '')

/** Subjects are seen by everybody who sees the screen: what opens a door does not stand in them. */
export const opensDoors = (name: string): boolean => /(?:^|_)(?:code|link)$/.test(name)

/**
 * The templates in force: of each part `<kind>.<language>.<part>` in `directory`, else `<kind>.<part>` there, else our
 * own. Those in `directory` are read and checked here.
 * @param common the names that every template may use
 * @throws ConfigurationError with every problem of every file
 */
export const mailTemplates = (directory: string | null, common: readonly string[]) => {
  const { texts, unused, problems } = directory === null ? NO_FILES : filesOf(directory)
  const compiled = new Map<string, Template>()

  const template = (kind: MailKind, language: Language, part: Part): Template => {
    const key = `${kind}.${language}.${part}`
    const known = compiled.get(key)
    if (known !== undefined) return known
    const names = [...common, ...Object.keys(ownValues(SAMPLES[kind], language))]
    const allowed = new Set(part === 'subject' ? names.filter((name) => !opensDoors(name)) : names)
    const own = namesOf(kind, language, part).find((name) => texts.has(name))
    const made =
      own === undefined
        ? compile(builtIn(kind, language, part), key, allowed)
        : compile(texts.get(own) ?? '', join(directory ?? '', own), allowed)
    for (const problem of made.problems) problems.add(problem)
    compiled.set(key, made.template)
    return made.template
  }

  // Our own are held against their names by tests, and compiled when they are needed.
  for (const [kind, language, part] of ALL) {
    if (namesOf(kind, language, part).some((name) => texts.has(name))) template(kind, language, part)
  }
  if (problems.size > 0) throw new ConfigurationError([...problems])

  return {
    of: (kind: MailKind, language: Language) => ({
      subject: template(kind, language, 'subject'),
      text: template(kind, language, 'txt'),
      html: template(kind, language, 'html'),
    }),
    /** Files of the directory that are no template. */
    unused,
  }
}

/** The file names that replace a part, the first one that is there. */
const namesOf = (kind: MailKind, language: Language, part: Part): readonly string[] => [
  `${kind}.${language}.${part}`,
  `${kind}.${part}`,
]

const ALL = MAIL_KINDS.flatMap((kind) =>
  LANGUAGES.flatMap((language) => PARTS.map((part) => [kind, language, part] as const)),
)

interface Files {
  readonly texts: ReadonlyMap<string, string>
  readonly unused: readonly string[]
  readonly problems: Set<string>
}
const NO_FILES: Files = { texts: new Map(), unused: [], problems: new Set() }

const filesOf = (directory: string): Files => {
  const wanted = new Set(ALL.flatMap(([kind, language, part]) => namesOf(kind, language, part)))
  const texts = new Map<string, string>()
  const problems = new Set<string>()
  try {
    const all = readdirSync(directory)
    for (const name of all.filter((one) => wanted.has(one)))
      texts.set(name, readFileSync(join(directory, name), 'utf8'))
    return { texts, unused: all.filter((name) => !wanted.has(name)), problems }
  } catch (error) {
    throw new ConfigurationError([`TEMPLATES_PATH cannot be read: ${sentenceOf(error)}.`])
  }
}
