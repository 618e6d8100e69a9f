import type { Kit } from './kit.tsx'
import type { Page } from './page.tsx'

interface Outcome {
  readonly title: string
  readonly text: string
  /** What to do next, and what comes with the answer. */
  readonly more?: Pick<Page, 'children' | 'headers' | 'signedOut'>
}

/** What a form has done, where nothing is left to do. */
export const outcomePage = (_: Kit, { title, text, more }: Outcome): Page => ({
  title,
  lede: text,
  badge: { icon: 'check', tone: 'good' },
  address: null,
  ...more,
})
