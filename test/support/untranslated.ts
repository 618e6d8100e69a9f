import type { Page } from 'playwright-core'
import en from '../../src/messages/en.json' with { type: 'json' }
import fr from '../../src/messages/fr.json' with { type: 'json' }

const CATALOGUES: Readonly<Record<string, Readonly<Record<string, string>>>> = { en, fr }

/** Whatever stands between the values of a text. */
const patternOf = (text: string): RegExp | null => {
  const parts = text.split(/\{\w+\}/)
  // What is hardly more than its values is the same in every language.
  if (!parts.some((part) => /\p{L}{4,}/u.test(part))) return null
  return new RegExp(`^${parts.map((part) => RegExp.escape(part.trim())).join('[\\s\\S]*')}$`)
}

interface Texts {
  readonly constant: ReadonlySet<string>
  readonly patterns: readonly RegExp[]
}

const textsOf = (language: string): Texts => {
  const all = Object.values(CATALOGUES[language] ?? {}).map((text) => text.replace(/\s+/g, ' ').trim())
  const patterns = all.filter((text) => text.includes('{')).map(patternOf)
  return { constant: new Set(all), patterns: patterns.filter((pattern) => pattern !== null) }
}

const known: Readonly<Record<string, Texts>> = { en: textsOf('en'), fr: textsOf('fr') }
const isOf = (language: string, text: string): boolean =>
  known[language]?.constant.has(text) === true ||
  known[language]?.patterns.some((pattern) => pattern.test(text)) === true

/** What a person reads or has read aloud: each text of the page by itself. */
const textsIn = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const texts: string[] = []
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      // The other language is named in its own words, and what people and programs call something is no text of ours.
      if (node.parentElement?.closest('script, style, body [lang], textarea, noscript, code, .id, .cut')) continue
      texts.push(node.nodeValue ?? '')
    }
    for (const name of ['aria-label', 'title', 'alt', 'placeholder']) {
      for (const element of document.querySelectorAll(`body [${name}]`)) texts.push(element.getAttribute(name) ?? '')
    }
    return [...new Set(texts.map((text) => text.replace(/\s+/g, ' ').trim()).filter((text) => /\p{L}{2}/u.test(text)))]
  })

/**
 * Texts of the page that our catalogue has in the other language only, or that are the name of a message. `names`:
 * how somebody or something is called there.
 */
export const untranslated = async (
  page: Page,
  language: 'en' | 'fr',
  names: readonly string[] = [],
): Promise<readonly string[]> => {
  const other = language === 'en' ? 'fr' : 'en'
  const isMissing = (text: string) => Object.hasOwn(en, text) || (isOf(other, text) && !isOf(language, text))
  return (await textsIn(page)).filter((text) => !names.includes(text) && isMissing(text))
}
