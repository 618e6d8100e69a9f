/** The document that configures a Linphone client: liblinphone's rc sections as XML. */

/** Booleans are written `1` or `0`; `null` and an empty string become an empty element. */
export type ConfigValue = string | number | boolean | null

export interface ConfigEntry {
  readonly value: ConfigValue
  /** Unless true, a client keeps the value it already has; `never`: not even in a document that overwrites all. */
  readonly overwrite: boolean | 'never'
}

/** Entries in the order in which their keys first appeared. */
export class ConfigSection {
  readonly entries = new Map<string, ConfigEntry>()

  /** The last value wins, and its `overwrite` with it; the entry keeps its place. */
  set(
    key: string,
    value: ConfigValue,
    { overwrite = false }: { readonly overwrite?: ConfigEntry['overwrite'] } = {},
  ): this {
    this.entries.set(key, { value, overwrite })
    return this
  }

  setIfAbsent(key: string, value: ConfigValue): this {
    return this.entries.has(key) ? this : this.set(key, value)
  }

  has(key: string): boolean {
    return this.entries.has(key)
  }
}

/** Sections in the order in which they were first asked for; a name never appears twice. */
export class ConfigDocument {
  readonly sections = new Map<string, ConfigSection>()

  /** Finds the section or appends an empty one. */
  section(name: string): ConfigSection {
    let section = this.sections.get(name)
    if (section === undefined) {
      section = new ConfigSection()
      this.sections.set(name, section)
    }
    return section
  }

  has(name: string): boolean {
    return this.sections.has(name)
  }
}

/**
 * One line without a declaration, always well-formed: characters that XML 1.0 §2.2 does not allow, lone surrogates
 * included, are dropped. `overwriteAll` marks every entry but those that say `never`.
 */
export function toXml(document: ConfigDocument, { overwriteAll }: { readonly overwriteAll: boolean }): string {
  let xml = '<config xmlns="http://www.linphone.org/xsds/lpconfig.xsd">'
  for (const [name, section] of document.sections) {
    if (section.entries.size === 0) {
      xml += `<section name="${attribute(name)}"/>`
      continue
    }
    xml += `<section name="${attribute(name)}">`
    for (const [key, { value, overwrite }] of section.entries) {
      const written = textOf(value)
      const flag = overwrite === true || (overwriteAll && overwrite !== 'never') ? ' overwrite="true"' : ''
      xml += `<entry name="${attribute(key)}"${flag}${written === '' ? '/>' : `>${written}</entry>`}`
    }
    xml += '</section>'
  }
  return `${xml}</config>`
}

function textOf(value: ConfigValue): string {
  if (typeof value === 'string') return escaped(value, TEXT)
  if (value === null) return ''
  return value === true ? '1' : value === false ? '0' : String(value)
}

const attribute = (text: string): string => escaped(text, ATTRIBUTE)

type Escapes = readonly (string | undefined)[]

const DROPPED = ''

/** What stands for each character below U+0040; `undefined` is the character itself (XML 1.0 §2.4, §3.3.3). */
const TEXT: Escapes = escapes({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '\r': '&#13;', '\t': '\t', '\n': '\n' })
const ATTRIBUTE: Escapes = escapes({
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\r': '&#13;',
  '\t': '&#9;',
  '\n': '&#10;',
})

function escapes(named: Readonly<Record<string, string>>): Escapes {
  const table = new Array<string | undefined>(0x40).fill(undefined).fill(DROPPED, 0, 0x20)
  for (const [character, written] of Object.entries(named)) table[character.charCodeAt(0)] = written
  return table
}

/** One pass that copies the stretches between what needs a replacement; a text without any is returned as it is. */
function escaped(text: string, table: Escapes): string {
  let written = ''
  let from = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    let replacement: string | undefined
    if (code < 0x40) replacement = table[code]
    else if (code >= 0xd800) {
      if (code < 0xdc00 && isLowSurrogate(text.charCodeAt(i + 1))) i++
      else if (code < 0xe000 || code > 0xfffd) replacement = DROPPED
    }
    if (replacement !== undefined) {
      written += text.slice(from, i) + replacement
      from = i + 1
    }
  }
  return from === 0 ? text : written + text.slice(from)
}

const isLowSurrogate = (code: number): boolean => code >= 0xdc00 && code <= 0xdfff
