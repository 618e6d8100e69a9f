import { ButtonLink } from '../../panel/components/button.tsx'
import type { Kit } from '../../panel/kit.tsx'
import type { Page } from '../../panel/page.tsx'

/** The app as the clients before us found it, and a word why nothing else happens. `isAnswer`: to a form. */
export const overPage = ({ t }: Kit, { href, isAnswer }: { href: string; isAnswer: boolean }): Page => ({
  title: t('panel.dead_link'),
  lede: t('wizard.over_why'),
  badge: { icon: 'fail', tone: 'bad' },
  ...(isAnswer ? { address: null } : {}),
  children: (
    <ButtonLink to={href} size="wide" icon="smartphone">
      {t('wizard.open')}
    </ButtonLink>
  ),
})
