import i18next from 'i18next'
import en from './en.json' with { type: 'json' }
import fr from './fr.json' with { type: 'json' }

export const LANGUAGES = ['en', 'fr'] as const
export type Language = (typeof LANGUAGES)[number]

type Key = keyof typeof en
/** Plural forms are one message: `errors.more_one` and `errors.more_other` are `errors.more`. */
export type MessageId =
  | Exclude<Key, `${string}_one` | `${string}_other`>
  | (Key extends infer K ? (K extends `${infer Base}_other` ? Base : never) : never)

const catalogues = i18next.createInstance()

/** Catalogues are embedded, so this finishes before it returns. */
const ready = () => {
  if (catalogues.isInitialized) return
  catalogues.init({
    lng: 'en',
    fallbackLng: 'en',
    supportedLngs: LANGUAGES,
    resources: { en: { translation: en }, fr: { translation: fr } },
    keySeparator: false,
    nsSeparator: false,
    initAsync: false,
    // Values are escaped where they are written (JSON, HTML), not here.
    interpolation: { escapeValue: false, prefix: '{', suffix: '}' },
  })
}

/** Whether a text that came from outside is the name of a message. */
export const isMessage = (id: string): id is MessageId => Object.hasOwn(en, id)

const constant: Record<Language, Map<string, string>> = { en: new Map(), fr: new Map() }

export const translate = (language: Language, { id, values }: Message): string => {
  ready()
  if (values !== undefined) return catalogues.t(id, { ...values, lng: language })
  // A message without values never changes, and i18next takes its time.
  const known = constant[language].get(id)
  if (known !== undefined) return known
  const text = catalogues.t(id, { lng: language })
  constant[language].set(id, text)
  return text
}

/** `username` → "pseudo" in French; a field without an entry is its name with blanks. */
export const fieldName = (language: Language, field: string): string => {
  ready()
  const id = `attr.${field}`
  return catalogues.exists(id, { lng: language }) ? catalogues.t(id, { lng: language }) : field.replaceAll('_', ' ')
}

const LONGEST_HEADER = 1024

/** RFC 4647 §3.4 lookup over `Accept-Language` (behaviour/languages.md §2); `fallback` when nothing matches. */
export const negotiateLanguage = (header: string | null, fallback: Language = 'en'): Language => {
  if (header === null || header === '' || header.length > LONGEST_HEADER) return fallback
  const ranges = header
    .split(',')
    .map((part, position) => {
      const [tag = '', ...parameters] = part.trim().split(';')
      const weight = parameters.map((parameter) => /^\s*q=([01](?:\.\d{0,3})?)\s*$/i.exec(parameter)?.[1]).find(Boolean)
      return { tag: tag.trim().toLowerCase().replaceAll('_', '-'), quality: Number(weight ?? 1), position }
    })
    .filter(({ tag, quality }) => /^[a-z0-9-]+$/.test(tag) && quality > 0)
    .sort((a, b) => b.quality - a.quality || a.position - b.position)
  for (const { tag } of ranges) {
    const parts = tag.split('-')
    for (let length = parts.length; length > 0; length--) {
      const candidate = parts.slice(0, length).join('-')
      const match = LANGUAGES.find((language) => language === candidate)
      if (match !== undefined) return match
    }
  }
  return fallback
}

export type MessageValues = Readonly<Record<string, string | number>>

/** A text of the catalogue with its values, translated only where it leaves the process. */
export interface Message {
  readonly id: MessageId
  readonly values?: MessageValues
  /** The setting, or the member of the Space, that decides so: administrators are told its name, nobody else is. */
  readonly setting?: string
}
