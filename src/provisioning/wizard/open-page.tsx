import type { Config } from '../../config/config.ts'
import type { Visit } from '../../nouns/visit.ts'
import { page, texts } from '../../panel/layout.tsx'
import { whereToGetIt } from '../../panel/phone-app.tsx'
import type { Errand } from './link.ts'
import { calls, opening, SCRIPT, titleOf } from './opening.tsx'

interface Open {
  readonly errand: Errand
  readonly href: string
  readonly setsUp: boolean
  /** As in `Page`; null: a button was pressed, and the app opens. */
  readonly address: string | null
}

export const openPage = (visit: Visit, config: Config, { errand, href, setsUp, address }: Open): Response =>
  page(visit, config.BASE_PATH, {
    title: titleOf(errand, setsUp),
    address,
    scripts: [SCRIPT],
    children: (
      <>
        {calls(visit, errand)}
        {address === null ? <p>{texts(visit)('wizard.opening')}</p> : null}
        {opening(visit, href, true)}
        {whereToGetIt(visit, config)}
      </>
    ),
  })
