/**
 * The INI text of custom provisioning entries, read the way administrators mean it: PHP's words for on, off and none
 * and its quotes, but no constants, operators, variables or arrays, so that a SIP URI or a URL needs no quoting.
 */

export interface IniEntry {
  readonly key: string
  readonly value: string
  /** Counted from 1; of the value that won. */
  readonly line: number
}

export interface IniSection {
  readonly name: string
  readonly entries: IniEntry[]
}

export interface IniProblem {
  readonly line: number
  readonly problem: 'syntax' | 'key_before_section' | 'no_entries'
}

/**
 * Everything that could be read, and everything that could not. Sections and keys appear once, in their first place.
 */
export interface IniDocument {
  readonly sections: IniSection[]
  readonly problems: IniProblem[]
}

/** Keys that the platform fills from the Space itself, so that its INI text may not hold them. */
export const MANAGED_KEYS: ReadonlySet<string> = new Set([
  'account_proxy_registrar_address',
  'account_realm',
  'assistant_disable_qr_code',
  'assistant_hide_create_account',
  'assistant_hide_third_party_account',
  'copyright_text',
  'disable_broadcast_feature',
  'disable_call_recordings_feature',
  'disable_chat_feature',
  'disable_meetings_feature',
  'hide_account_settings',
  'hide_settings',
  'intro_registration_text',
  'max_account',
  'newsletter_registration_address',
  'only_display_sip_uri_username',
])

/** Never throws. Lines with a problem are left out; the text counts as empty when no key at all was read or refused. */
export function parseIni(text: string): IniDocument {
  const sections = new Map<string, Map<string, IniEntry>>()
  const problems: IniProblem[] = []
  let section: Map<string, IniEntry> | null = null
  let hasEntries = false
  let line = 0

  for (const raw of text.split(LINE_BREAK)) {
    line++
    const content = raw.trim() // which takes a byte order mark, too
    if (content === '' || content[0] === ';' || content[0] === '#') continue

    if (content[0] === '[') {
      const name = sectionName(content)
      if (name === null) {
        problems.push({ line, problem: 'syntax' })
        continue
      }
      section = sections.get(name) ?? new Map()
      sections.set(name, section)
      continue
    }

    const equals = content.indexOf('=')
    const key = readKey(content.slice(0, Math.max(equals, 0)))
    const value = readValue(content.slice(equals + 1))
    if (key === '' || value === null) problems.push({ line, problem: 'syntax' })
    else if (section === null) problems.push({ line, problem: 'key_before_section' })
    else {
      section.set(key, { key, value, line })
      hasEntries = true
    }
  }

  if (!hasEntries && problems.length === 0) problems.push({ line, problem: 'no_entries' })
  return { sections: Array.from(sections, ([name, entries]) => ({ name, entries: [...entries.values()] })), problems }
}

/** The platform-managed keys found in any section, each once, in the order of the text. */
export function managedKeysIn(parsed: Pick<IniDocument, 'sections'>): string[] {
  const found = new Set<string>()
  for (const { entries } of parsed.sections) for (const { key } of entries) if (MANAGED_KEYS.has(key)) found.add(key)
  return [...found]
}

const LINE_BREAK = /\r\n|\n|\r/

const WORDS: ReadonlyMap<string, string> = new Map([
  ['true', '1'],
  ['on', '1'],
  ['yes', '1'],
  ['false', ''],
  ['off', ''],
  ['no', ''],
  ['none', ''],
  ['null', ''],
])

const LONGEST_WORD = 5

/** `[name]`, perhaps with a comment behind it. */
function sectionName(content: string): string | null {
  const close = content.indexOf(']')
  if (close < 0 || !isRemark(content.slice(close + 1))) return null
  const name = content.slice(1, close).trim()
  return name === '' ? null : name
}

/** `key[]`, PHP's list, is the same key: its last value wins like any other. */
function readKey(text: string): string {
  const key = text.trim()
  return key.endsWith('[]') ? key.slice(0, -2).trim() : key
}

/**
 * A value that is one quoted string is taken literally; only then do its quotes go, so `"Name" <sip:…>` stays whole.
 * `null` when a quote opens and never closes.
 */
function readValue(text: string): string | null {
  const start = text.trimStart()
  const quote = start[0]
  if (quote === '"' || quote === "'") {
    const close = start.indexOf(quote, 1)
    if (close < 0) return null
    if (isRemark(start.slice(close + 1))) return start.slice(1, close)
  }
  const value = withoutComment(text).trim()
  return value.length > LONGEST_WORD ? value : (WORDS.get(value.toLowerCase()) ?? value)
}

/** A `;` in the middle of a word belongs to it: `<sip:a@b;transport=tls>`. */
function withoutComment(text: string): string {
  for (let i = text.indexOf(';'); i >= 0; i = text.indexOf(';', i + 1))
    if (i > 0 && (text[i - 1] === ' ' || text[i - 1] === '\t')) return text.slice(0, i)
  return text
}

const isRemark = (rest: string): boolean => {
  const remark = rest.trimStart()
  return remark === '' || remark[0] === ';'
}
