import { ButtonLink } from './components/button.tsx'
import type { Kit } from './kit.tsx'
import type { Page } from './page.tsx'

interface Outcome {
  readonly title: string
  readonly text: string
  /** What to do next in place of the start page, and what comes with the answer. `children: null`: nothing of ours. */
  readonly more?: Pick<Page, 'children' | 'headers' | 'signedOut'>
}

/** What a form has done, where nothing is left to do. */
export const outcomePage = ({ t }: Kit, { title, text, more }: Outcome): Page => ({
  title,
  lede: text,
  badge: { icon: 'check', tone: 'good' },
  address: null,
  children: (
    <div class="actions">
      <ButtonLink to="/">{t('panel.start')}</ButtonLink>
    </div>
  ),
  ...more,
})
