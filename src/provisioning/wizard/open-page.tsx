import { ButtonLink } from '../../panel/components/button.tsx'
import { GetTheApp } from '../../panel/components/phone-app.tsx'
import type { Kit } from '../../panel/kit.tsx'
import type { Page } from '../../panel/page.tsx'
import type { Errand } from './link.ts'
import { calls, SCRIPT, titleOf } from './opening.tsx'

interface Open {
  readonly errand: Errand
  readonly href: string
  readonly setsUp: boolean
  /** A button was pressed, and the app opens. */
  readonly isAnswer: boolean
}

/** The app opens by a script: whoever is here wants it to, and need not click again. */
export const openPage = (kit: Kit, { errand, href, setsUp, isAnswer }: Open): Page => ({
  title: kit.t(titleOf(errand, setsUp)),
  lede: calls(kit, errand),
  scripts: [SCRIPT],
  ...(isAnswer ? { address: null } : {}),
  children: (
    <>
      {isAnswer ? <p>{kit.t('wizard.opening')}</p> : null}
      <ButtonLink to={href} tone="primary" size="wide" icon="smartphone" data-open>
        {kit.t('wizard.open')}
      </ButtonLink>
      <GetTheApp />
    </>
  ),
})
